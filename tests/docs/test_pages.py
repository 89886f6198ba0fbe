"""The code of the home page and of the page for developers, typed into a terminal, with a server like that of `make
run`.

`test_other_origins` opens the client library in a page.
"""

import json
from pathlib import Path

from tests.docs.accounts import BRAND
from tests.docs.blocks import PAGES, blocks_of
from tests.docs.claims import runs
from tests.docs.terminal import programs, terminal
from tests.harness.environment import ROOT
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


@runs("/developers", "A first conversation", "")
def test_the_first_conversation_is_the_script_of_the_readme(blocks, site: RunningServer):
    """`test_readme` runs it. The page shows it with the address of the server."""
    shown = [one for one in blocks_of("README.md") if one.heading == "A first conversation" and one.language == "js"]
    assert [one.text for one in blocks] == [one.with_address(site.url).text for one in shown]


def test_no_other_page_shows_code() -> None:
    shown = {path.stem for path in (ROOT / "templates").glob("*.html") if "<pre" in path.read_text()}
    assert shown == {"home", "developers"}
    assert len(PAGES) == 2
