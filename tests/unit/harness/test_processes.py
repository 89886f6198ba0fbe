"""Programs that tests start: they end with their child processes, and report why they did not start."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import processes
from tests.harness.environment import ROOT
from tests.harness.ports import free_port, listens
from tests.harness.processes import CommandFailed, PortTaken, Process, on_free_port, run

SERVER = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""
GRACEFUL = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
print("ready", flush=True)
time.sleep(600)
"""


def python(code: str, *arguments: str, log: Path) -> Process:
    return Process(sys.executable, "-c", code, *arguments, log=log).start()


def has_written(process: Process) -> Process:
    return process.wait_until(lambda: "\n" in process.written())


def is_there(pid: int) -> bool:
    """Return whether the process is running; zombies do not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    """Wait for the end of a killed process, which can take time."""
    process = Process("tail", f"--pid={pid}", "--sleep-interval=0.05", "-f", "/dev/null", log=Path(os.devnull))
    if is_there(pid):
        process.start().wait()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def test_the_output_of_a_program_is_returned() -> None:
    code = "import sys; print('said'); print('complained', file=sys.stderr)"
    assert run(sys.executable, "-c", code) == "said\n"
    assert Path(run(sys.executable, "-c", "import os; print(os.getcwd())").strip()) == ROOT


def test_an_error_contains_the_output_of_a_failed_program() -> None:
    with pytest.raises(CommandFailed, match=r"ended with 1:\nsaid\ncomplained\n"):
        run(sys.executable, "-c", "import sys; print('said'); sys.exit('complained')")


def test_a_hanging_program_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run(sys.executable, "-c", "import time; time.sleep(600)", timeout=0.1)


def test_a_process_becomes_ready_and_stops_on_request(log: Path) -> None:
    port = free_port()
    process = python(SERVER, str(port), log=log).wait_until(lambda: listens(port))
    assert process.is_running
    assert os.getsid(process.pid) == process.pid
    assert process.stop() == -signal.SIGTERM
    assert not process.is_running
    assert process.stop() is None


def test_the_exit_code_of_a_process_is_returned(log: Path) -> None:
    assert has_written(python(GRACEFUL, log=log)).stop() == 3


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_child_processes_end_with_the_process(how: str, log: Path) -> None:
    process = has_written(python(PARENT, log=log))
    child = int(process.written())
    assert is_there(child)
    getattr(process, how)()
    wait_until_gone(child)


def test_a_process_ends_with_the_block(log: Path) -> None:
    with has_written(python(PARENT, log=log)) as process:
        pid = process.pid
    assert not is_there(pid)


def test_a_process_that_does_not_stop_is_killed_and_reported(log: Path) -> None:
    process = has_written(python(DEAF, log=log))
    pid = process.pid
    with pytest.raises(TimeoutError, match=r"did not stop:\ndeaf\n"):
        process.stop(within=0.1)
    assert not is_there(pid)


@pytest.mark.parametrize("end", ["raise SystemExit('no settings')", "print('no settings', flush=True); os.abort()"])
def test_a_process_that_ends_at_the_start_is_reported(end: str, log: Path) -> None:
    with pytest.raises(CommandFailed, match=r"did not start:\nno settings\n") as failure:
        python(f"import os\n{end}", log=log).wait_until(lambda: False)
    assert not isinstance(failure.value, PortTaken)


def test_a_process_that_starts_too_slowly_is_killed(log: Path) -> None:
    process = has_written(python(PARENT, log=log))
    pid, child = process.pid, int(process.written())
    with pytest.raises(CommandFailed, match="did not start"):
        process.wait_until(lambda: False, within=0.1)
    assert not is_there(pid)
    wait_until_gone(child)


def test_an_ended_process_is_never_ready(log: Path) -> None:
    process = python("pass", log=log)
    process.wait()
    with pytest.raises(CommandFailed):
        process.wait_until(lambda: True)


def test_each_start_adds_to_the_log(log: Path) -> None:
    process = has_written(python("import os, time; print(os.getpid(), flush=True); time.sleep(600)", log=log))
    first = process.written()
    process.kill()
    second = has_written(process.start()).written()
    process.kill()
    assert first != second
    assert log.read_text() == first + second


def test_a_taken_port_is_a_separate_error(log: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match="Address already in use"):
            python(SERVER, str(port), log=log).wait_until(lambda: False)


@pytest.mark.parametrize(
    ("told", "is_the_port"),
    [
        ("[Errno 98] error while attempting to bind on address ('127.0.0.1', 1): address already in use", True),
        ("Error: listen EADDRINUSE: address already in use 127.0.0.1:1", True),
        ("Could not create server TCP listening socket 127.0.0.1:1: bind: Address already in use", True),
        ("FATAL:  could not create any TCP/IP sockets", True),
        ("django.core.exceptions.ImproperlyConfigured", False),
    ],
)
def test_the_messages_of_all_servers_are_recognized(told: str, is_the_port: bool) -> None:
    assert isinstance(processes.start_failure(told), PortTaken) is is_the_port


def test_a_server_gets_another_port_if_its_own_is_taken(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(port: int) -> tuple[int, Process]:
        process = python(SERVER, str(port), log=log)
        return port, process.wait_until(lambda: "listening" in process.written())

    free = free_port()
    with socket.create_server(("127.0.0.1", 0)) as other:
        given = iter([other.getsockname()[1], free])
        monkeypatch.setattr(processes, "free_port", lambda: next(given))
        port, process = on_free_port(start)
        with process:
            assert port == free


@pytest.mark.parametrize(("failure", "tries"), [(PortTaken, processes.ATTEMPTS), (CommandFailed, 1)])
def test_start_gives_up_after_many_ports_or_another_error(failure: type[Exception], tries: int) -> None:
    tried: list[int] = []

    def start(port: int) -> None:
        tried.append(port)
        raise failure

    with pytest.raises(failure):
        on_free_port(start)
    assert len(set(tried)) == tries
