"""docs/operations.md: the unit for systemd, verified by systemd, and what it starts."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from configparser import RawConfigParser
from getpass import getuser
from pathlib import Path

from tests.docs.claims import runs
from tests.docs.ready import wait_until_ready
from tests.environment import need
from tests.servers import free_port


@runs("docs/operations.md", "Processes", "ini")
def test_the_unit_for_systemd(blocks, checkout: Path, tmp_path: Path):
    """With the folders and the user of this machine. What it names is started in its folder, with its environment."""
    environment = tmp_path / "stoory.env"
    environment.write_text(f"DATA_DIR={tmp_path}\nDRAIN_SECONDS=0.2\n")
    text = blocks[0].text.replace("/srv/stoory", str(checkout)).replace("/etc/stoory.env", str(environment))
    unit = RawConfigParser()
    unit.optionxform = str
    unit.read_string(text)
    it_is_verified(text.replace("User=stoory", f"User={getuser()}"), tmp_path)
    it_starts_and_ends(unit["Service"], environment)


def it_is_verified(text: str, folder: Path) -> None:
    program = need(shutil.which("systemd-analyze"), "systemd-analyze is missing (on Debian: apt-get install systemd)")
    (folder / "stoory@.service").write_text(text)
    command = [program, "verify", "--man=no", "--recursive-errors=no", f"{folder}/stoory@3001.service"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def it_starts_and_ends(service: dict[str, str], environment: Path) -> None:
    port = str(free_port())
    command = shlex.split(service["ExecStart"].replace("%i", port))
    given = dict(line.split("=", 1) for line in environment.read_text().splitlines())
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    options = {"cwd": service["WorkingDirectory"], "env": kept | given}
    subprocess.run([command[0], "manage.py", "migrate", "--verbosity", "0"], **options, timeout=300, check=True)
    process = subprocess.Popen(command, **options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/readyz")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10 * int(service["TimeoutStopSec"])) in {0, -signal.SIGTERM}
    finally:
        process.kill()
        process.wait()


def test_the_interpreter_of_the_unit_is_that_of_the_setup(checkout: Path):
    assert (checkout / ".venv" / "bin" / "python").resolve() == Path(sys.executable).resolve()
