"""The servers that are measured: how each is started, waited for, and stopped."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.setting import PEERS, CommandFailed, Setting, run
from tests.harness.environment import ROOT
from tests.harness.ports import free_port

START_SECONDS = 60
STOP_SECONDS = 20
REDIS_PREFIX = "stoory-bench"

Command = Callable[[int], list[str]]


@dataclass(frozen=True)
class Contender:
    """`command(port)` starts it. Only `stored` ones get the database; `load` are options of the load generator."""

    name: str
    label: str
    command: Command
    stored: bool = True
    shared: bool = False
    processes: int = 1
    load: tuple[str, ...] = ()
    directory: Path = ROOT


@dataclass(frozen=True)
class Running:
    ports: list[int]
    pids: list[int]

    def family(self) -> list[int]:
        return [one for pid in self.pids for one in machine.family(pid)]


def _serve(port: int) -> list[str]:
    return [sys.executable, "manage.py", "serve", "--port", str(port)]


def _relay(port: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.relay", str(port)]


def _node(port: int) -> list[str]:
    return [machine.need("node", "install Node 20 or newer"), "server.js"]


def _uvicorn(application: str) -> Command:
    options = ["--log-level", "warning", "--no-access-log", "--backlog", "4096"]
    return lambda port: [sys.executable, "-m", "uvicorn", application, "--port", str(port), *options]


_NODE = {"command": _node, "directory": PEERS / "node"}
_PYTHON = {"command": _uvicorn("benchmarks.peers.python_socketio:app")}
_RELAYED = {"stored": False, "load": ("--command", "relay")}

STOORY = Contender("stoory", "Stoory", _serve)
STOORY_RELAY = Contender("stoory", "Stoory", _relay, load=("--command", "relay"))
STOORY_TWO = Contender("stoory", "Stoory, Redis", _serve, shared=True, processes=2)
NODE = Contender("node", "Node: socket.io, pg", **_NODE)
NODE_RELAY = Contender("node", "Node: socket.io", **_NODE, **_RELAYED)
NODE_TWO = Contender("node", "Node: socket.io, pg, Redis adapter", **_NODE, shared=True, processes=2)
PYTHON = Contender("python-socketio", "python-socketio, psycopg", **_PYTHON)
PYTHON_RELAY = Contender("python-socketio", "python-socketio", **_PYTHON, **_RELAYED)
PYTHON_TWO = Contender(
    "python-socketio", "python-socketio, psycopg, Redis manager", **_PYTHON, shared=True, processes=2
)
CHANNELS = Contender(
    "channels",
    "Django Channels",
    _uvicorn("benchmarks.peers.channels_json:app"),
    stored=False,
    load=("--plain", "--command", "relay"),
)


def install(contenders: list[Contender]) -> None:
    """What the peers need beside the project's own dependencies."""
    if any(one.directory != ROOT for one in contenders) and not (PEERS / "node" / "node_modules").is_dir():
        npm = machine.need("npm", "install Node with npm")
        run([npm, "ci", "--no-audit", "--no-fund"], cwd=PEERS / "node")


@contextmanager
def serving(contender: Contender, setting: Setting) -> Iterator[Running]:
    """All processes of a contender, ready, on the core of the servers."""
    with ExitStack() as stack:
        ports = [free_port() for _ in range(contender.processes)]
        running = [stack.enter_context(_process(contender, setting, port)) for port in ports]
        yield Running(ports, [process.pid for process in running])


@contextmanager
def _process(contender: Contender, setting: Setting, port: int) -> Iterator[subprocess.Popen[bytes]]:
    log = setting.home / f"{contender.name}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            machine.pinned(setting.server_core, contender.command(port)),
            cwd=contender.directory,
            env=_environment(contender, setting, port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_ready(process, port, log)
        yield process
    finally:
        _stop(process)


def _environment(contender: Contender, setting: Setting, port: int) -> dict[str, str]:
    found = setting.environment(PORT=str(port), JWT_KEY=setting.secret, NODE_ENV="production")
    if not contender.stored:
        del found["DATABASE_URL"]
    if contender.shared:
        found |= {"REDIS_URL": setting.redis, "REDIS_PREFIX": REDIS_PREFIX}
    return found


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Every one of them listens when it is ready."""
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise CommandFailed(f"The server did not start:\n{log.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
