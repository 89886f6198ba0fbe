"""docs/operations.md: a production server, and the systemd unit: systemd verifies it, and the test runs its
commands."""

import os
import shlex
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from getpass import getuser
from pathlib import Path

import httpx

from tests.docs.claims import runs
from tests.docs.ready import wait_until_ready
from tests.docs.terminal import Terminal, terminal
from tests.harness.environment import need, need_postgresql_and_redis
from tests.harness.ports import free_port
from tests.harness.processes import Process, on_free_port, run
from tests.harness.servers import inherited_environment, responds, shared


@runs("docs/operations.md", "Production", "sh", "sh")
def test_a_server_for_production(blocks, checkout: Path, tmp_path: Path):
    """The server uses a database and a Redis on this machine, and its own port."""
    prepare, serve = (one.text for one in blocks)
    port = str(free_port())
    with shared(tmp_path, *need_postgresql_and_redis()) as installation:
        own = installation.environment
        prepare = prepare.replace("postgres://stoory:…@db.internal:5432/stoory", own["DATABASE_URL"])
        prepare = prepare.replace("redis://cache.internal:6379/0", own["REDIS_URL"])
        serve = serve.replace("--host 0.0.0.0 --port 3000", f"--port {port}")
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        given = {"REDIS_PREFIX": own["REDIS_PREFIX"], "DRAIN_SECONDS": "0.2"}
        with terminal(checkout, path, **given) as shell:
            shell.types(prepare)
            create_operator(shell)
            shell.begins(serve)
            wait_until_ready(f"http://127.0.0.1:{port}/readyz")
            answer = httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": "chat.example.com"})
            assert answer.status_code == 200
            assert httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": "127.0.0.1"}).status_code == 400
            shell.interrupts()


def create_operator(shell: Terminal) -> None:
    shell.begins("python manage.py createsuperuser")
    for asked, answer in (
        ("Email: $", "operator@example.com"),
        ("Password: $", "a-long-Passphrase-1"),
        (r"Password \(again\): $", "a-long-Passphrase-1"),
    ):
        shell.sees(asked)
        shell.answers(answer)
    shell.sees("Superuser created successfully")


@runs("docs/operations.md", "Processes", "ini")
def test_the_unit_for_systemd(blocks, checkout: Path, tmp_path: Path):
    """The unit uses the folders and the user of this machine. Its commands run in its folder, with its environment."""
    environment = tmp_path / "stoory.env"
    environment.write_text(f"DATA_DIR={tmp_path}\nDRAIN_SECONDS=0.2\n")
    text = blocks[0].text.replace("/srv/stoory", str(checkout)).replace("/etc/stoory.env", str(environment))
    unit = RawConfigParser()
    unit.optionxform = str
    unit.read_string(text)
    verify_unit(text.replace("User=stoory", f"User={getuser()}"), tmp_path)
    start_and_stop_unit(unit["Service"], environment)


def verify_unit(text: str, folder: Path) -> None:
    program = need(shutil.which("systemd-analyze"), "systemd-analyze is missing (on Debian: apt-get install systemd)")
    (folder / "stoory@.service").write_text(text)
    command = [program, "verify", "--man=no", "--recursive-errors=no", f"{folder}/stoory@3001.service"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def start_and_stop_unit(service: dict[str, str], environment: Path) -> None:
    given = inherited_environment() | dict(line.split("=", 1) for line in environment.read_text().splitlines())
    python, *_ = shlex.split(service["ExecStart"])
    options = {"directory": Path(service["WorkingDirectory"]), "environment": given}
    run(python, "manage.py", "migrate", "--verbosity", "0", cwd=options["directory"], env=given)

    def start(port: int) -> Process:
        command = shlex.split(service["ExecStart"].replace("%i", str(port)))
        process = Process(*command, log=environment.with_suffix(".log"), **options)
        return process.start().wait_until(lambda: responds(f"http://127.0.0.1:{port}/readyz"))

    with on_free_port(start) as process:
        process.stop(within=10 * int(service["TimeoutStopSec"]))


def test_the_interpreter_of_the_unit_is_that_of_the_setup(checkout: Path):
    assert (checkout / ".venv" / "bin" / "python").resolve() == Path(sys.executable).resolve()
