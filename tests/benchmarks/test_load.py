"""The load generator ends the run with an error if the server makes a mistake."""

import base64
import hashlib
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.environment import LOAD_SOURCES
from tests.harness.environment import need

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
RUN_SECONDS = 60

Answer = Callable[["Peer", str], None]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = need(shutil.which("cc"), "no C compiler (install gcc)")
    program = tmp_path_factory.mktemp("load") / "load"
    sources = sorted(LOAD_SOURCES.glob("*.c"))
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, *sources], check=True)
    return program


@pytest.fixture
def people(tmp_path: Path) -> Path:
    (tmp_path / "tokens.txt").write_text("first-token\nsecond-token\n")
    (tmp_path / "rooms.txt").write_text("the-room\n")
    return tmp_path


class Peer:
    """The server side of one WebSocket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._file = connection, connection.makefile("rb")

    def accept(self) -> None:
        head = b"".join(iter(self._file.readline, b"\r\n")).decode()
        key = next(line.partition(": ")[2] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
        answer = base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        self._connection.sendall("\r\n".join([*lines, f"Sec-WebSocket-Accept: {answer}", "", ""]).encode())

    def send(self, text: str, first: int = 0x81) -> None:
        payload = text.encode()
        size = bytes([len(payload)]) if len(payload) < 126 else bytes([126]) + len(payload).to_bytes(2)
        self._connection.sendall(bytes([first]) + size + payload)

    def received(self) -> Iterator[str]:
        """Yield the texts that the client sends, until it disconnects."""
        while head := self._file.read(2):
            size = head[1] & 0x7F
            size = int.from_bytes(self._file.read(2)) if size == 126 else size
            mask, payload = self._file.read(4), self._file.read(size)
            yield bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)).decode()


@contextmanager
def serving(to_message: Answer, to_connect: Answer) -> Iterator[int]:
    """Run a server that accepts all joins, and handles messages and CONNECT packets with the given functions."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept_all, args=(server, to_message, to_connect), daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _accept_all(server: socket.socket, to_message: Answer, to_connect: Answer) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, to_message, to_connect), daemon=True).start()


def _serve(connection: socket.socket, to_message: Answer, to_connect: Answer) -> None:
    try:
        with connection:
            peer = Peer(connection)
            peer.accept()
            peer.send('0{"sid":"s","upgrades":[]}')
            for packet in peer.received():
                if packet.startswith("40"):
                    to_connect(peer, packet)
                elif packet.startswith("420"):
                    peer.send('430[{"success":true}]')
                elif packet.startswith("42"):
                    to_message(peer, packet)
    except OSError:
        return


def connected(peer: Peer, packet: str) -> None:
    peer.send('40{"sid":"s","pid":"p"}')


def parts(packet: str) -> tuple[str, str]:
    """Return the acknowledgement id and the text of a message."""
    number, _, rest = packet[2:].partition("[")
    return number, json.loads(f"[{rest}")[1]["message"]


def right(peer: Peer, packet: str) -> None:
    number, text = parts(packet)
    peer.send(json.dumps(["new_message", {"message": text}]).join(["42", ""]).replace('", {', '",{'))
    peer.send(f'43{number}[{{"success":true}}]')


def run(program: Path, people: Path, to_message: Answer, to_connect: Answer = connected) -> subprocess.CompletedProcess:
    with serving(to_message, to_connect) as port:
        given = ["--ports", str(port), "--data", people, "--sockets", "1", "--warmup", "0", "--measure", "0.2"]
        command = [program, "room", *given]
        return subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)


def test_a_correct_server_is_measured(program: Path, people: Path) -> None:
    done = run(program, people, right)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["sent"] == result["acknowledged"] == result["delivered"] > 0


def refused(peer: Peer, packet: str) -> None:
    peer.send(f'43{parts(packet)[0]}[{{"success":false,"code":"forbidden"}}]')


def twice(peer: Peer, packet: str) -> None:
    right(peer, packet)
    right(peer, packet)


def acknowledged_without_request(peer: Peer, packet: str) -> None:
    peer.send('437[{"success":true}]')


def of_another_conversation(peer: Peer, packet: str) -> None:
    _, text = parts(packet)
    peer.send(f'42["new_message",{{"message":"{text.replace("load:00000000", "load:00000001")}"}}]')


def closing(peer: Peer, packet: str) -> None:
    peer.send("\x03\x01", first=0x88)


def disconnecting(peer: Peer, packet: str) -> None:
    peer.send("41")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refused, "was refused"),
        (twice, "message 1"),
        (acknowledged_without_request, "acknowledgement 7 without a request"),
        (of_another_conversation, "message of pair 1"),
        (closing, "closed socket 0 with code 769"),
        (disconnecting, "socket 0 got 41"),
    ],
)
def test_a_mistake_of_the_server_ends_the_run(program: Path, people: Path, fault: Answer, said: str) -> None:
    done = run(program, people, fault)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_refused_connection_ends_the_run(program: Path, people: Path) -> None:
    done = run(program, people, right, lambda peer, packet: peer.send('44{"message":"no"}'))
    assert done.returncode == 1
    assert '44{"message":"no"}' in done.stderr


def test_a_file_with_too_few_lines_ends_the_run(program: Path, people: Path) -> None:
    command = [program, "pairs", "--pairs", "2", "--ports", "1", "--data", people]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
    assert done.returncode == 1
    assert "too few lines" in done.stderr
