"""The commands that code and documents mention exist."""

import re
import subprocess
from importlib.util import find_spec

import pytest
from django.core.management import get_commands

from tests.packages import ROOT

PLACES = ["*.py", "*.md", "*.html", "*.sh", "*.yaml", "*.js", "Makefile", "Dockerfile", ".ci/run", ".env.example"]
EXEMPT = {"CHANGELOG.md", "docs/adr/0012-web-client-without-a-build.md", "tests/contract/test_commands.py"}
"""Files that name former or wrong commands."""

COMMAND = re.compile(
    r"`make (?P<target>[\w-]+)"
    r"|(?:[`/\"]|python )manage\.py(?: |\", \")(?P<command>[a-z]\w+)"
    r"|\bpython -m (?P<module>\w+(?:\.\w+)*)"
    r"|\bapt(?:-get)? (?P<apt>[a-z]\w+)"
)
TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def exists(kind: str, name: str) -> bool:
    if kind == "module":
        return find_spec(name) is not None
    return name in {"target": TARGETS, "command": get_commands(), "apt": {"install", "update"}}[kind]


def unknown_in(text: str) -> list[str]:
    """Return the commands in a text that do not exist."""
    return [one[0] for one in COMMAND.finditer(text) if not exists(one.lastgroup, one[one.lastgroup])]


def test_every_command_exists():
    listed = subprocess.run(["git", "ls-files", *PLACES], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    texts = {path: (ROOT / path).read_text() for path in listed.split() if path not in EXEMPT}
    assert len(texts) > 500
    assert {path: found for path, text in texts.items() if (found := unknown_in(text))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "for example with `apt install_dependencies gcc`",
        "run `make docs`",
        '["python", "manage.py", "server"]',
        "`manage.py fetch_client`",
        "`python -m benchmarks.setting`",
    ],
)
def test_an_unknown_command_is_found(text):
    assert len(unknown_in(text)) == 1


def test_prose_is_not_a_command():
    assert unknown_in("Make sure that manage.py exists, and make all tests pass.") == []
