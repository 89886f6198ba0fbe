"""Words that were retired (docs/glossary.md) do not come back: in no module, name, parameter or schema, and in no
document."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.packages import ROOT

RETIRED = Path(__file__).with_name("retired.txt")
"""A line for each identifier: `old new`."""

EXEMPT = {"tests/contract/retired.txt", "docs/glossary.md", "CHANGELOG.md", "package-lock.json"}
PUBLISHED = ("docs/benchmarks/", "docs/reliability/")
"""Results of runs keep the words of the day."""

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def successors() -> dict[str, str]:
    pairs = [line.split() for line in RETIRED.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert all(len(pair) == 2 for pair in pairs)
    return dict(pairs)


def texts() -> dict[str, str]:
    """What is committed, by path. A path counts as text too: it names modules."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    found = {}
    for path in filter(None, listed.split("\0")):
        if path not in EXEMPT and not path.startswith(PUBLISHED) and (ROOT / path).is_file():
            try:
                found[path] = path + "\n" + (ROOT / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:  # a picture
                continue
    return found


def retired_in(text: str, retired: set[str]) -> set[str]:
    return retired.intersection(IDENTIFIER.findall(text))


def test_no_retired_identifier_is_left():
    known = successors()
    found = {path: retired_in(text, set(known)) for path, text in texts().items()}
    assert {path: {one: known[one] for one in names} for path, names in found.items() if names} == {}


def test_a_successor_is_not_retired_itself():
    known = successors()
    assert {old: new for old, new in known.items() if new in known} == {}


@pytest.mark.parametrize(
    "text",
    [
        "realtime/old_name.py",
        "class ActionAlias(models.Model):",
        "def f(*, old_name: int) -> None:",
        "from a.old_name import b",
        '"$ref": "#/components/schemas/ActionAlias"',
        "see `a.ActionAlias.b`",
    ],
)
def test_it_is_found_wherever_it_stands(text):
    assert retired_in(text, {"old_name", "ActionAlias"})


@pytest.mark.parametrize("text", ["an old name", "oldname", "older_name", "MyOldNames"])
def test_ordinary_words_are_not(text):
    assert not retired_in(text, {"old_name", "ActionAlias"})


def test_the_glossary_names_what_there_is():
    terms = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z][a-z]+[A-Za-z]*)`", terms))
    code = {path: text for path, text in texts().items() if path.endswith(".py")}
    defined = set(re.findall(r"^class (\w+)", "\n".join(code.values()), re.MULTILINE))
    assert named
    assert named <= defined
