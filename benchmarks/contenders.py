"""The servers that are measured: how each is started, waited for, and stopped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.setting import PEERS, Setting
from tests.harness.environment import ROOT
from tests.harness.ports import listens
from tests.harness.processes import Process, on_free_port, run
from tests.harness.servers import serve

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

STOORY = Contender("stoory", "Stoory", serve)
STOORY_RELAY = Contender("stoory", "Stoory", _relay, load=("--command", "relay"))
STOORY_TWO = Contender("stoory", "Stoory, Redis", serve, shared=True, processes=2)
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
        run(npm, "ci", "--no-audit", "--no-fund", cwd=PEERS / "node")


@contextmanager
def serving(contender: Contender, setting: Setting) -> Iterator[Running]:
    """All processes of a contender, ready, on the core of the servers."""
    with ExitStack() as stack:
        ports, pids = [], []
        for _ in range(contender.processes):
            port, process = on_free_port(lambda port: (port, _started(contender, setting, port)))
            stack.callback(_stop, process)
            ports.append(port)
            pids.append(process.pid)
        yield Running(ports, pids)


def _started(contender: Contender, setting: Setting, port: int) -> Process:
    process = Process(
        *machine.pinned(setting.server_core, contender.command(port)),
        log=setting.home / f"{contender.name}-{port}.log",
        environment=_environment(contender, setting, port),
        directory=contender.directory,
    )
    # Every one of them listens when it is ready.
    return process.start().wait_until(lambda: listens(port), START_SECONDS)


def _environment(contender: Contender, setting: Setting, port: int) -> dict[str, str]:
    found = setting.environment(PORT=str(port), JWT_KEY=setting.secret, NODE_ENV="production")
    if not contender.stored:
        del found["DATABASE_URL"]
    if contender.shared:
        found |= {"REDIS_URL": setting.redis, "REDIS_PREFIX": REDIS_PREFIX}
    return found


def _stop(process: Process) -> None:
    """One that does not end in time has been measured all the same."""
    with suppress(TimeoutError):
        process.stop(STOP_SECONDS)
