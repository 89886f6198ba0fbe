"""The Dockerfile is linted, and its steps are run in a fresh folder, so no container engine is necessary.

There are differences: the system's Python replaces the base image's Python, `/app` and `/data` are folders of the test,
and no user is created. `COPY` leaves out the files that `.dockerignore` names.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.docs.blocks import files_of
from tests.harness.environment import ROOT, need
from tests.harness.ports import free_port
from tests.harness.processes import CommandFailed, Process, run
from tests.harness.servers import inherited_environment, responds
from tests.packages import PYPROJECT

BIN = Path(sys.executable).parent
STEP_SECONDS = 900
"""Seconds for steps that install from a package registry, on a busy machine."""

PRODUCTION = {"SECRET_KEY": "a-key-" * 12, "ALLOWED_HOSTS": "127.0.0.1", "SOCKET_ORIGINS": "http://127.0.0.1"}
STAND_INS = {
    **dict.fromkeys(("useradd", "apt-get", "rm"), "exit 0"),
    "install": 'for last; do :; done; mkdir -p "$last"',
}
"""Replacements of programs that would change this machine, or need a user that does not exist."""


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile with their arguments."""
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line and not line.startswith("#")]


STEPS = instructions((ROOT / "Dockerfile").read_text())


def given_to(name: str) -> str:
    (given,) = (given for step, given in STEPS if step == name)
    return given


def is_left_out(path: str, patterns: list[str]) -> bool:
    """Return whether a pattern of `.dockerignore` matches a path or one of its folders; `**/` matches any number of
    folders."""
    names = path.split("/")
    above = ["/".join(names[:length]) for length in range(1, len(names) + 1)]
    return any(
        fnmatchcase(one, pattern) if "/" in pattern else fnmatchcase(names[0], pattern)
        for pattern in patterns
        for one in (*above, *(f"**/{name}" for name in names if pattern.startswith("**/")))
    )


def context() -> Iterator[Path]:
    """Yield the files of the build context."""
    patterns = (ROOT / ".dockerignore").read_text().split()
    return (path for path in files_of(ROOT) if not is_left_out(path.relative_to(ROOT).as_posix(), patterns))


def lint(file: Path) -> subprocess.CompletedProcess[str]:
    program = need(shutil.which("hadolint", path=str(BIN)), "hadolint is missing (run `make setup`)")
    return subprocess.run([program, "--no-color", str(file)], capture_output=True, text=True, check=False)


def test_the_dockerfile_passes_the_linter():
    done = lint(ROOT / "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_linter_finds_faults(tmp_path: Path):
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /app\nUSER stoory\n")
    done = lint(tmp_path / "Dockerfile")
    assert done.returncode == 1
    assert {"DL3006", "DL3003"} <= set(re.findall(r"DL\d+", done.stdout))


@pytest.mark.parametrize(
    ("path", "is_out"),
    [
        ("tests/docs/blocks.py", True),
        (".env", True),
        (".env.example", True),
        ("stoory/__pycache__/a.pyc", True),
        (".ruff_cache/a", True),
        ("manage.py", False),
        ("stoory/env.py", False),
        ("docs/tests", False),
        ("static/dist/a.js", False),
    ],
)
def test_ignored_files(path: str, is_out: bool):
    assert is_left_out(path, (ROOT / ".dockerignore").read_text().split()) is is_out


def test_the_image_has_a_supported_python():
    image, version = re.fullmatch(r"(\w+):(3\.\d+)-slim", given_to("FROM")).groups()
    assert image == "python"
    assert tuple(map(int, version.split("."))) >= (3, int(PYPROJECT["project"]["requires-python"].removeprefix(">=3.")))
    assert re.search(rf"useradd .*--uid {given_to('USER')} ", next(given for step, given in STEPS if step == "RUN"))


class Image:
    """A folder in which the steps run, and the environment that they set."""

    def __init__(self, folder: Path) -> None:
        self.app, self.data, self.programs = (folder / name for name in ("app", "data", "programs"))
        self.app.mkdir()
        self.programs.mkdir()
        for name, text in STAND_INS.items():
            (self.programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (self.programs / name).chmod(0o755)
        run(sys.executable, "-m", "venv", folder / "python")
        path = f"{self.programs}:{folder / 'python' / 'bin'}:{os.environ['PATH']}"
        self.environment = inherited_environment() | {"PATH": path, "HOME": str(folder)}

    def carry_out(self, step: str, given: str) -> None:
        if step == "ENV":
            self.environment |= dict(pair.split("=") for pair in self.moved(given).split())
        elif step == "COPY":
            self.copy(*given.split())
        elif step == "RUN":
            options = {"cwd": self.app, "env": self.environment, "timeout": STEP_SECONDS}
            run("sh", "-euc", self.moved(given), **options)

    def moved(self, text: str) -> str:
        return re.sub(r"/data\b", str(self.data), text)

    def copy(self, source: str, target: str) -> None:
        assert target == "."
        for path in context():
            name = path.relative_to(ROOT)
            if source in {".", str(name)}:
                (self.app / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, self.app / name)

    def command(self, given: str, port: int) -> list[str]:
        """Return a command in JSON form with this port, on 127.0.0.1, and with the Python of the image."""
        words = json.loads(given.replace("3000", str(port)).replace("0.0.0.0", "127.0.0.1"))
        return [shutil.which(words[0], path=self.environment["PATH"]), *words[1:]]


def test_the_steps_build_a_running_server(tmp_path: Path):
    assert given_to("WORKDIR") == "/app"
    image = Image(tmp_path)
    try:
        for step, given in STEPS:
            image.carry_out(step, given)
    except CommandFailed as error:
        if "Could not find a version" in str(error):
            need(None, "a package registry cannot be reached")
        raise
    assert image.environment["DEBUG"] == "off"
    assert not (image.app / "tests").exists()
    image.environment |= PRODUCTION | {"DATABASE_URL": f"sqlite:///{image.data}/stoory.sqlite3", "DRAIN_SECONDS": "0.2"}
    check_serves(image, tmp_path / "server.log")


def check_serves(image: Image, log: Path) -> None:
    port = free_port()
    health = image.command(given_to("HEALTHCHECK").partition(" CMD ")[2], port)
    options = {"cwd": image.app, "env": image.environment}
    run(*image.command('["python", "manage.py", "migrate", "--verbosity", "0"]', port), **options)
    assert subprocess.run(health, **options, capture_output=True, check=False).returncode != 0
    command = image.command(given_to("CMD"), port)
    server = Process(*command, log=log, environment=image.environment, directory=image.app).start()
    try:
        server.wait_until(lambda: responds(f"http://127.0.0.1:{port}/readyz"))
        run(*health, **options)
        assert responds(f"http://127.0.0.1:{port}/static/vendor/socket.io-client/index.js")
        os.kill(server.pid, getattr(signal, given_to("STOPSIGNAL")))
        server.wait()  # uvicorn ends with this signal after its shutdown
    finally:
        server.kill()
