"""The code of the home page and of the page for developers, typed into a terminal, with a server like that of `make
run`.

`test_other_origins` opens the client library in a page.
"""

import json
import sys
from pathlib import Path

from tests.docs.accounts import BRAND, newest_conversation, signed_in
from tests.docs.blocks import PAGES
from tests.docs.claims import runs
from tests.docs.terminal import Terminal, programs, terminal
from tests.harness.environment import ROOT, need_node
from tests.harness.people import Person
from tests.harness.servers import RunningServer


def check_login(text: str, folder: Path, site: RunningServer) -> None:
    with terminal(folder, programs(folder / "bin")) as shell:
        answer = json.loads(shell.types(text))
    assert answer["user"]["email"] == BRAND
    assert answer["access"]


@runs("/", "Use the API", "")
def test_the_home_page_gets_a_token(blocks, site: RunningServer, tmp_path: Path):
    check_login(blocks[0].text, tmp_path, site)


@runs("/developers", "Log in", "")
def test_the_page_for_developers_gets_a_token(blocks, site: RunningServer, tmp_path: Path):
    check_login(blocks[0].text, tmp_path, site)


@runs("/developers", "Talk", "", "")
def test_talking_and_listening(blocks, site: RunningServer, workplace: Path, tmp_path: Path):
    """The code is typed, and then pasted."""
    talk, listener = (one.text for one in blocks)
    me = signed_in(site, BRAND)
    newest = newest_conversation(me, site)
    before = len(me.messages(newest))
    path = programs(tmp_path / "bin", python3=sys.executable, node=need_node())
    (workplace / "listen.mjs").write_text(listener)
    with terminal(workplace, path) as shell:
        assert json.loads(shell.types(talk))["message"]["conversation_id"] == newest
        check_listens(shell, me, newest)
        shell.pastes(talk)
    assert [one["message"] for one in me.messages(newest)[before:]] == ["Hello", "Are you there?", "Hello"]


def check_listens(shell: Terminal, me: Person, conversation: str) -> None:
    shell.begins("node listen.mjs $TOKEN $CHAT")
    shell.sees("success: true")
    me.says(conversation, "Are you there?")
    shell.sees("\nAre you there\\?\n")
    shell.interrupts()


def test_no_other_page_shows_code() -> None:
    shown = {path.stem for path in (ROOT / "templates").glob("*.html") if "<pre" in path.read_text()}
    assert shown == {"home", "developers"}
    assert len(PAGES) == 2
