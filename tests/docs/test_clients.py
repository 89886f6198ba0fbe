"""docs/clients.md: the connections in JavaScript and Python run against a server that restarts."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from realtime import registry
from tests.docs.accounts import registered
from tests.docs.claims import runs
from tests.docs.scripts import Script, script
from tests.harness.environment import ROOT
from tests.harness.people import Person
from tests.harness.processes import Process
from tests.harness.servers import RunningServer, embedded

DOCUMENT = "docs/clients.md"
FORGET_CONNECTIONS = "from realtime.models import SocketSession; SocketSession.objects.all().delete()"
TRANSPORTS = [["websocket"], ["polling"], None]
NOT_RUN = r"Not run by our tests\. For [\w.:-]+ \d+\.\d+\.\d+, by its documentation (of|as read on) \d{4}-\d\d-\d\d\."


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with embedded(tmp_path) as installation, installation.serving() as running:
        yield running


@contextmanager
def python(folder: Path, text: str) -> Iterator[Script]:
    (folder / "program.py").write_text(text)
    process = Process(sys.executable, "program.py", log=folder / "printed.txt", directory=folder).start()
    try:
        yield Script(process)
    finally:
        process.kill()


def check(running: Script, server: RunningServer, brand: Person, conversation: str) -> None:
    """The client receives every message once and in order: live, from a killed server, and without its session."""
    running.prints("^joined")
    said = ["one", "two", "three", "four"]
    brand.says(conversation, said[0])
    running.prints("received one")
    server.kill()
    server.start()
    brand.says(conversation, said[1])
    running.prints("received two")
    server.kill()
    server.installation.shell(FORGET_CONNECTIONS)
    server.start()
    brand.says(conversation, said[2])
    running.prints("received three")
    brand.says(conversation, said[3])
    running.prints("received four")
    assert re.findall(r"^received (\w+)$", running.printed, re.MULTILINE) == said
    assert "Traceback" not in running.printed


def acquainted(server: RunningServer) -> tuple[Person, Person, str]:
    brand, me = registered(server, "brand_owner", "Anaya Rao"), registered(server, "influencer")
    return brand, me, brand.opens_chat_with(me)


@runs(DOCUMENT, "JavaScript", "js")
@pytest.mark.parametrize("transports", TRANSPORTS, ids=["websocket", "polling", "upgrade"])
def test_javascript(blocks, server, workplace, transports):
    brand, me, conversation = acquainted(server)
    (block,) = blocks
    text = block.text.replace("['websocket', 'polling']", repr(transports or ["polling", "websocket"]))
    text = f"const access = '{me.access}';\nconst conversationId = '{conversation}';\n{text}"
    text = text.replace("  lastSeq ??= seq;\n", "  lastSeq ??= seq;\n  console.log('joined');\n")
    with script(workplace, text) as running:
        check(running, server, brand, conversation)


@runs(DOCUMENT, "Python", "python")
@pytest.mark.parametrize("transports", TRANSPORTS, ids=["websocket", "polling", "upgrade"])
def test_python(blocks, server, tmp_path, transports):
    brand, me, conversation = acquainted(server)
    (block,) = blocks
    text = f"access, conversation_id, transports = {me.access!r}, {conversation!r}, {transports!r}\n{block.text}"
    text = text.replace('joined["seq"]\n', 'joined["seq"]\n    print("joined", flush=True)\n')
    with python(tmp_path, text) as running:
        check(running, server, brand, conversation)


@runs(DOCUMENT, "Java and Kotlin", "java", "kotlin")
def test_java_and_kotlin_are_not_run(blocks):
    check_is_marked(blocks)


@runs(DOCUMENT, "Swift", "swift")
def test_swift_is_not_run(blocks):
    check_is_marked(blocks)


@runs(DOCUMENT, "Dart", "dart")
def test_dart_is_not_run(blocks):
    check_is_marked(blocks)


def check_is_marked(blocks) -> None:
    """The section says so, with version and date, and the code uses commands and events that exist."""
    section = (ROOT / DOCUMENT).read_text().split(f"\n## {blocks[0].heading}\n")[1].split("```")[0]
    assert re.search(NOT_RUN, " ".join(section.split()))
    assert re.search(r"joins? again with `after`", " ".join(section.split()))
    for block in blocks:
        named = set(re.findall(r"""["'](\w+_\w+)["']""", block.text))
        assert {"join_conversation", "new_message"} <= named <= registry.commands.keys() | registry.events.keys()
        assert all(block.text.count(left) == block.text.count(right) for left, right in ("()", "{}", "[]"))
