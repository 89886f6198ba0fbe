"""Where the pages get `socket.io-client` from: npm, or PyPI where npm is missing or brings something else."""

import json
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from stoory import socketio_client
from stoory.checks import check_socketio_client
from tests.harness.environment import ROOT, need, need_node

LOCKED = json.loads((ROOT / "package-lock.json").read_text())["packages"]["node_modules/socket.io-client"]["version"]
FOLDER = ROOT / "static" / "vendor" / "socket.io-client"


def nowhere(folder: Path) -> bytes:
    raise socketio_client.Unavailable("the line is dead")


@pytest.fixture
def bundle(tmp_path, monkeypatch) -> Path:
    """Where it is put, beside the module that gives it names."""
    at = tmp_path / "vendor" / "socket.io-client" / "socket.io.min.js"
    at.parent.mkdir(parents=True)
    (at.parent / "index.js").write_text((FOLDER / "index.js").read_text())
    (tmp_path / "package.json").write_text('{"type": "module"}')  # for Node, which would take it for CommonJS
    monkeypatch.setattr(socketio_client, "BUNDLE", at)
    return at


def fetched(source, bundle: Path, monkeypatch) -> str:
    monkeypatch.setattr(socketio_client, "SOURCES", (source,))
    try:
        socketio_client.install()
    except socketio_client.Unavailable as error:
        need(None, f"a package registry cannot be reached ({error})")
    return bundle.read_text()


@pytest.mark.parametrize("source", [socketio_client.from_npm, socketio_client.from_pypi])
def test_each_source_has_a_bundle_that_the_pages_can_import(source, bundle, monkeypatch):
    node = need_node()
    script = fetched(source, bundle, monkeypatch)
    assert "Socket.IO v4." in script[:60]
    assert "sourceMappingURL" not in script
    module = bundle.parent / "index.js"
    asked = f"const m = await import({str(module)!r}); console.log(typeof m.io, [m.Manager, m.Socket].every(Boolean))"
    done = subprocess.run(
        [node, "--input-type=module", "-e", asked], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["function", "true"]


def test_npm_brings_the_locked_version(bundle, monkeypatch):
    need_node()
    assert f"Socket.IO v{LOCKED}" in fetched(socketio_client.from_npm, bundle, monkeypatch)[:60]
    assert (FOLDER / "LICENSE").read_text() == (ROOT / "node_modules" / "socket.io-client" / "LICENSE").read_text()


def test_a_package_with_another_checksum_is_not_taken(bundle, monkeypatch, tmp_path):
    need_node()
    lock = json.loads((ROOT / "package-lock.json").read_text())
    lock["packages"]["node_modules/socket.io-client"]["integrity"] = "sha512-AAAA"
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    monkeypatch.setattr(socketio_client, "ROOT", tmp_path)
    with pytest.raises(socketio_client.Unavailable, match=r"another socket\.io-client"):
        socketio_client.from_npm(tmp_path)


def test_the_next_source_is_asked_where_one_has_nothing(bundle, monkeypatch):
    monkeypatch.setattr(socketio_client, "SOURCES", (nowhere, lambda folder: b"script\n//# sourceMappingURL=x.map\n"))
    socketio_client.install()
    assert bundle.read_bytes() == b"script\n"


def test_no_source_at_all_is_told_and_leaves_what_was_there(bundle, monkeypatch):
    bundle.write_text("the former one")
    monkeypatch.setattr(socketio_client, "SOURCES", (nowhere, nowhere))
    with pytest.raises(CommandError, match="nowhere: the line is dead"):
        call_command("fetch_socketio_client")
    assert bundle.read_text() == "the former one"


def test_a_machine_without_npm_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(socketio_client.Unavailable, match="npm is not installed"):
        socketio_client.from_npm(tmp_path)


def test_the_check_warns_until_it_is_there(bundle):
    assert [one.id for one in check_socketio_client()] == ["stoory.W003"]
    bundle.write_text("")
    assert check_socketio_client() == []
