"""Retired words (docs/glossary.md) are not used in any module, name, parameter, schema or document."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages import ROOT

RETIRED = Path(__file__).with_name("retired.txt")
"""One line for each identifier: `old new`."""

EXEMPT = {"tests/contract/retired.txt", "docs/glossary.md", "CHANGELOG.md", "package-lock.json"}
PUBLISHED = ("docs/benchmarks/", "docs/reliability/")
"""Published results of runs keep the words of their time."""

DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def successors() -> dict[str, str]:
    pairs = [line.split() for line in RETIRED.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert all(len(pair) == 2 for pair in pairs)
    return dict(pairs)


def texts() -> dict[str, str]:
    """Return the text of each committed file, by path. The path is part of the text because it names modules."""
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
    """Return the retired identifiers in a text: names, dotted modules (`a.b`) and their paths (`a/b.py`)."""
    return {one for found in DOTTED.findall(text.replace("/", ".")) for one in parts_of(found) if one in retired}


def parts_of(dotted: str) -> Iterator[str]:
    """Yield every run of up to four names in a dotted name: `a`, `a.b`, `b` …"""
    names = [name for name in dotted.split(".") if name]
    for start in range(len(names)):
        for end in range(start + 1, min(start + 4, len(names)) + 1):
            yield ".".join(names[start:end])


def test_no_retired_identifier_is_left():
    known = successors()
    found = {path: retired_in(text, set(known)) for path, text in texts().items()}
    assert {path: {one: known[one] for one in names} for path, names in found.items() if names} == {}


def test_a_successor_is_not_retired():
    known = successors()
    assert {old: new for old, new in known.items() if new in known} == {}


SAMPLES = {"former_name", "FormerName", "package.former_module"}


@pytest.mark.parametrize(
    "text",
    [
        "realtime/former_name.py",
        "class FormerName(models.Model):",
        "def f(*, former_name: int) -> None:",
        "from a.former_name import b",
        '"$ref": "#/components/schemas/FormerName"',
        "see `a.FormerName.b`",
        "package/former_module.py",
        "from package.former_module import b",
        "see `package.former_module.f`",
    ],
)
def test_a_retired_identifier_is_found_in_all_positions(text):
    assert len(retired_in(text, SAMPLES)) == 1


@pytest.mark.parametrize(
    "text", ["a former name", "formername", "former_names", "MyFormerName", "former_module.py", "package.other"]
)
def test_ordinary_words_are_not_found(text):
    assert not retired_in(text, SAMPLES)


def test_the_classes_in_the_glossary_exist():
    terms = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z][a-z]+[A-Za-z]*)`", terms))
    code = {path: text for path, text in texts().items() if path.endswith(".py")}
    defined = set(re.findall(r"^class (\w+)", "\n".join(code.values()), re.MULTILINE))
    assert named
    assert named <= defined
