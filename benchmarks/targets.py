"""The targets, which are the measured servers: how each one is started and stopped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.environment import PEERS, Environment
from tests.harness.environment import ROOT
from tests.harness.ports import listens
from tests.harness.processes import Process, on_free_port, run
from tests.harness.servers import serve

START_SECONDS = 60
STOP_SECONDS = 20
REDIS_PREFIX = "stoory-bench"

Command = Callable[[int], list[str]]


@dataclass(frozen=True)
class Target:
    """A measured server. `command(port)` returns the command that starts it. Only `stored` targets get the database,
    only `shared` targets get Redis. `load` has options for the load generator."""

    name: str
    label: str
    command: Command
    stored: bool = True
    shared: bool = False
    processes: int = 1
    load: tuple[str, ...] = ()
    directory: Path = ROOT


@dataclass(frozen=True)
class RunningTarget:
    ports: list[int]
    pids: list[int]

    def process_tree(self) -> list[int]:
        return [one for pid in self.pids for one in machine.process_tree(pid)]


def _relay(port: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.relay", str(port)]


def _node(port: int) -> list[str]:
    return [machine.require_program("node", "install Node 20 or newer"), "server.js"]


def _uvicorn(application: str) -> Command:
    options = ["--log-level", "warning", "--no-access-log", "--backlog", "4096"]
    return lambda port: [sys.executable, "-m", "uvicorn", application, "--port", str(port), *options]


_NODE = {"command": _node, "directory": PEERS / "node"}
_PYTHON = {"command": _uvicorn("benchmarks.peers.python_socketio:app")}
_RELAYED = {"stored": False, "load": ("--command", "relay")}

STOORY = Target("stoory", "Stoory", serve)
STOORY_RELAY = Target("stoory", "Stoory", _relay, load=("--command", "relay"))
STOORY_TWO = Target("stoory", "Stoory, Redis", serve, shared=True, processes=2)
NODE = Target("node", "Node: socket.io, pg", **_NODE)
NODE_RELAY = Target("node", "Node: socket.io", **_NODE, **_RELAYED)
NODE_TWO = Target("node", "Node: socket.io, pg, Redis adapter", **_NODE, shared=True, processes=2)
PYTHON = Target("python-socketio", "python-socketio, psycopg", **_PYTHON)
PYTHON_RELAY = Target("python-socketio", "python-socketio", **_PYTHON, **_RELAYED)
PYTHON_TWO = Target("python-socketio", "python-socketio, psycopg, Redis manager", **_PYTHON, shared=True, processes=2)
CHANNELS = Target(
    "channels",
    "Django Channels",
    _uvicorn("benchmarks.peers.channels_json:app"),
    stored=False,
    load=("--plain", "--command", "relay"),
)


def install_dependencies(targets: list[Target]) -> None:
    """Install the dependencies of the peers that are not dependencies of the project."""
    if any(one.directory != ROOT for one in targets) and not (PEERS / "node" / "node_modules").is_dir():
        npm = machine.require_program("npm", "install Node with npm")
        run(npm, "ci", "--no-audit", "--no-fund", cwd=PEERS / "node")


@contextmanager
def serving(target: Target, environment: Environment) -> Iterator[RunningTarget]:
    """Run all processes of a target on the server core, and wait until they are ready."""
    with ExitStack() as stack:
        ports, pids = [], []
        for _ in range(target.processes):
            port, process = on_free_port(lambda port: (port, _start(target, environment, port)))
            stack.callback(_stop, process)
            ports.append(port)
            pids.append(process.pid)
        yield RunningTarget(ports, pids)


def _start(target: Target, environment: Environment, port: int) -> Process:
    process = Process(
        *machine.pinned_to(environment.server_core, target.command(port)),
        log=environment.home / f"{target.name}-{port}.log",
        environment=_variables(target, environment, port),
        directory=target.directory,
    )
    # Every target starts to listen when it is ready.
    return process.start().wait_until(lambda: listens(port), START_SECONDS)


def _variables(target: Target, environment: Environment, port: int) -> dict[str, str]:
    found = environment.variables(PORT=str(port), JWT_KEY=environment.secret, NODE_ENV="production")
    if not target.stored:
        del found["DATABASE_URL"]
    if target.shared:
        found |= {"REDIS_URL": environment.redis, "REDIS_PREFIX": REDIS_PREFIX}
    return found


def _stop(process: Process) -> None:
    """Stop a process. A time-out is ignored, because the measurement has already finished."""
    with suppress(TimeoutError):
        process.stop(STOP_SECONDS)
