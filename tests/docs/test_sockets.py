"""docs/sockets.md: the example as an application of its own, with the stock client."""

import subprocess
import sys
import time
from inspect import signature
from pathlib import Path

import httpx
import pytest

from tests.conformance import official
from tests.docs.claims import runs
from tests.docs.ready import wait_until_ready
from tests.docs.scripts import script
from tests.docs.terminal import commands
from tests.environment import ROOT
from tests.servers import free_port

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
WEB_SERVER = ["--http", "realtime.protocol.uvicorn_http:HttpProtocol", "--ws", "none", "--log-level", "warning"]
PATIENCE = 60


@pytest.fixture
def url(blocks, tmp_path: Path):
    """The application of the example, served as the document says."""
    (tmp_path / "example.py").write_text(BEFORE + blocks[0].text + AFTER)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "example:application", "--port", str(port), *WEB_SERVER]
    process = subprocess.Popen([*command, "--app-dir", str(tmp_path)], cwd=ROOT)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE)


@runs("docs/sockets.md", "Sockets: what the server guarantees on the wire", "python")
@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_the_example_serves_the_origin_that_it_names(blocks, url: str, workplace: Path, transport: str):
    for origin, said in (("https://app.example", "word"), ("https://elsewhere.example", "refused")):
        with script(workplace, CLIENT.format(url=url, origin=origin, transport=transport)) as running:
            assert running.ends() == f"{said}\n"
    give_up = time.monotonic() + PATIENCE
    while (told := httpx.get(url).text) != "[['127.0.0.1'], ['127.0.0.1']]":
        assert time.monotonic() < give_up, told


@runs("docs/sockets.md", "How it is tested", "sh")
def test_the_official_suites_are_run_by_the_command(blocks):
    """Up to the checkout that it takes: that is not part of this repository, nor can it be fetched by a test."""
    (command,) = commands(blocks[0].text)
    assert command == f".venv/bin/python -m {official.__name__} path/to/socket.io"
    assert list(signature(official.main).parameters) == ["checkout"]
    assert [suite.tests for suite in official.SUITES] == [25, 32]
