"""docs/configuration.md: its settings are applied and its commands are run."""

import os
import shutil
import sys
from pathlib import Path

import httpx
import pytest

from tests.docs.claims import runs
from tests.docs.ready import wait_until_ready
from tests.docs.terminal import terminal
from tests.harness.environment import need
from tests.harness.ports import free_port

ACTIVE = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
NUMBERS = (
    "from conversations.flows.registry import flow_for; flow = flow_for('bid'); "
    "first = flow.states[0]; print(first.name, flow.rounds, first.inactivity.after.days, first.accepts_text)"
)


@runs("docs/configuration.md", "Deals", "sh")
@pytest.mark.parametrize("way", ["exported", "in a file"])
def test_numbers_of_a_flow_are_set(blocks, checkout: Path, tmp_path: Path, way: str):
    with terminal(checkout, ACTIVE, DATA_DIR=str(tmp_path)) as shell:
        if way == "exported":
            shell.types(f"export {blocks[0].text}")
        else:
            (checkout / ".env").write_text(blocks[0].text)
        try:
            assert "no issues" in shell.types("python manage.py check")
            told = shell.types(f'python manage.py shell --no-imports --command "{NUMBERS}"')
            assert told.split() == ["influencer_responding", "5", "14", "False"]
        finally:
            (checkout / ".env").unlink(missing_ok=True)


@runs("docs/configuration.md", "Another language", "sh")
def test_the_pages_in_another_language(blocks, checkout: Path, tmp_path: Path):
    """The test translates one text between collecting and compiling."""
    need(shutil.which("msgfmt"), "GNU gettext is missing (on Debian: apt-get install gettext)")
    port = str(free_port())
    collect, compiled = blocks[0].text.split("done\n")
    *compile_, serve = compiled.rstrip().split("\n")
    with terminal(checkout, ACTIVE, DATA_DIR=str(tmp_path), DRAIN_SECONDS="0.2") as shell:
        shell.types(f"{collect}done")
        catalogue = checkout / "locale" / "de" / "LC_MESSAGES" / "django.po"
        text = 'msgid "Already here?"\nmsgstr '
        catalogue.write_text(catalogue.read_text().replace(f'{text}""', f'{text}"Da?"'))
        shell.types("\n".join(compile_))
        shell.types("python manage.py migrate --verbosity 0")
        shell.begins(f"{serve} --port {port}")
        wait_until_ready(f"http://127.0.0.1:{port}/readyz")
        page = httpx.get(f"http://127.0.0.1:{port}/register").text
        shell.interrupts()
    assert '<html lang="de">' in page
    assert "Da?" in page
