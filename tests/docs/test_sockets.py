"""docs/sockets.md: its example runs as a separate application, with the official client."""

import sys
from inspect import signature
from pathlib import Path

import httpx
import pytest

from tests.docs.claims import runs
from tests.docs.scripts import script
from tests.docs.terminal import commands
from tests.harness.processes import Process, on_free_port
from tests.harness.servers import responds
from tests.harness.waiting import wait_until
from tests.socketio_server import official

BEFORE = """
asked, ended = [], []


async def django(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": repr([asked, ended]).encode()})


def may_open(address):
    asked.append(address)
    return True


def has_ended(address):
    ended.append(address)
"""
AFTER = """


@server.event
async def echo(sid, word):
    return word
"""
CLIENT = """
import {{ io }} from 'socket.io-client';
const extraHeaders = {{ Origin: '{origin}' }};
const socket = io('{url}', {{ extraHeaders, transports: ['{transport}'], reconnection: false }});
socket.on('connect_error', () => {{ console.log('refused'); socket.close(); }});
socket.on('connect', async () => {{ console.log(await socket.emitWithAck('echo', 'word')); socket.close(); }});
"""
WEB_SERVER = ["--http", "socketio_server.uvicorn_http:HttpProtocol", "--ws", "none", "--log-level", "warning"]
PATIENCE = 60


@pytest.fixture
def url(blocks, tmp_path: Path):
    """The application of the example, served with the command of the document."""
    (tmp_path / "example.py").write_text(BEFORE + blocks[0].text + AFTER)

    def start(port: int) -> Process:
        options = ("--port", str(port), "--app-dir", str(tmp_path), *WEB_SERVER)
        process = Process(sys.executable, "-m", "uvicorn", "example:application", *options, log=tmp_path / "log")
        return process.start().wait_until(lambda: responds(f"http://127.0.0.1:{port}"))

    with on_free_port(start) as process:
        yield f"http://127.0.0.1:{process.command[5]}"


@runs("docs/sockets.md", "Sockets: what the server guarantees on the wire", "python")
@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_the_example_serves_its_origin(blocks, url: str, workplace: Path, transport: str):
    for origin, said in (("https://app.example", "word"), ("https://elsewhere.example", "refused")):
        with script(workplace, CLIENT.format(url=url, origin=origin, transport=transport)) as running:
            assert running.ends() == f"{said}\n"
    wait_until(lambda: httpx.get(url).text == "[['127.0.0.1'], ['127.0.0.1']]", lambda: httpx.get(url).text)


@runs("docs/sockets.md", "How it is tested", "sh")
def test_the_official_suites_are_run_by_the_command(blocks):
    """The command stops before it needs the checkout, which is not part of this repository and which a test cannot
    fetch."""
    (command,) = commands(blocks[0].text)
    assert command == f".venv/bin/python -m {official.__name__} path/to/socket.io"
    assert list(signature(official.main).parameters) == ["checkout"]
    assert [suite.tests for suite in official.SUITES] == [25, 32]
