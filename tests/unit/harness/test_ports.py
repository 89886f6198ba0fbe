"""Ports for servers are outside the kernel's range, and no other process gets the same port."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import ports
from tests.harness.environment import ROOT

WORKERS = ["", *(f"gw{number}" for number in range(20))]


@pytest.fixture
def outgoing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in place of the kernel's range of ports for outgoing connections."""
    file = tmp_path / "ip_local_port_range"
    file.write_text("32768\t60999\n")
    monkeypatch.setattr(ports, "OUTGOING", file)
    return file


def test_workers_have_ports_of_their_own(outgoing: Path) -> None:
    given = [ports.ports_of(worker) for worker in WORKERS]
    assert [len(one) for one in given] == [ports.PER_WORKER] * len(WORKERS)
    assert len(set().union(*given)) == ports.PER_WORKER * len(WORKERS)


@pytest.mark.parametrize(("first", "last"), [(32768, 60999), (15000, 50000), (25000, 65535), (20000, 61000)])
def test_ports_are_outside_the_range_of_outgoing_connections(outgoing: Path, first: int, last: int) -> None:
    outgoing.write_text(f"{first}\t{last}\n")
    for worker in WORKERS:
        given = ports.ports_of(worker)
        assert given.stop <= first or last < given.start
        assert 1024 <= given.start < given.stop <= 65_536


@pytest.mark.parametrize("told", ["", "nonsense", "1024 65535"])
def test_every_machine_has_ports(outgoing: Path, told: str) -> None:
    outgoing.write_text(told)
    given = [ports.ports_of(worker) for worker in WORKERS]
    assert len(set().union(*given)) == ports.PER_WORKER * len(WORKERS)
    outgoing.unlink()
    assert ports.ports_of("gw3") == ports.ports_of("gw3")


def test_each_of_many_workers_has_ports(outgoing: Path) -> None:
    assert len(ports.ports_of("gw999")) == ports.PER_WORKER


def test_a_port_comes_from_the_workers_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw7")
    given = [ports.free_port() for _ in range(5)]
    assert len(set(given)) == 5
    assert set(given) <= set(ports.ports_of("gw7"))


def test_a_port_with_a_listener_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_places", iter([0, 1, 2]))
    own = ports.ports_of(os.environ.get("PYTEST_XDIST_WORKER", ""))
    monkeypatch.setattr(ports, "_lock", lambda port: True)
    monkeypatch.setattr(ports, "is_free", lambda port: port != own[0])
    assert ports.free_port() == own[1]
    assert ports.free_port() == own[2]


def test_a_bound_port_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_a_process_can_get_its_port_again(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ports.free_port()
    place = ports.ports_of(os.environ.get("PYTEST_XDIST_WORKER", "")).index(given)
    monkeypatch.setattr(ports, "_places", iter([place + ports.PER_WORKER]))
    assert ports.free_port() == given


def test_another_process_does_not_get_the_same_port() -> None:
    given = ports.free_port()
    place = ports.ports_of(os.environ.get("PYTEST_XDIST_WORKER", "")).index(given)
    code = f"from tests.harness import ports; ports._places = iter(range({place}, 10**6)); print(ports.free_port())"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert int(told) != given


def test_an_error_reports_that_all_ports_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda port: False)
    with pytest.raises(ports.NoFreePort, match="are taken"):
        ports.free_port()
