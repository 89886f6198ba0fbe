"""What is installed is what was tested: what the project needs is pinned, and what that needs in turn is too."""

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(settings.BASE_DIR)
IN_TURN = "# What these need in turn\n"
FILES = ("requirements.txt", "requirements-dev.txt")

Pins = dict[str, Requirement]


def pins(text: str) -> Pins:
    lines = (re.sub(r"\s*#.*", "", line) for line in text.splitlines() if not line.startswith("-r "))
    return {canonicalize_name(one.name): one for one in map(Requirement, filter(None, lines)) if applies(one)}


def read(file: str) -> tuple[Pins, Pins]:
    """What the project itself needs, and what that needs in turn."""
    own, _, others = (ROOT / file).read_text().partition(IN_TURN)
    return pins(own), pins(others)


def applies(requirement: Requirement, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def needed_by(requirement: Requirement) -> Iterator[Requirement]:
    for text in distribution(requirement.name).requires or ():
        one = Requirement(text)
        if any(applies(one, extra) for extra in {"", *requirement.extras}):
            yield one


def needed_in_turn(requirements: Iterable[Requirement]) -> set[str]:
    waiting, seen = list(requirements), set()
    while waiting:
        for one in needed_by(waiting.pop()):
            wish = (canonicalize_name(one.name), frozenset(one.extras))
            if wish not in seen:
                seen.add(wish)
                waiting.append(one)
    return {name for name, _ in seen}


@pytest.mark.parametrize("last", range(len(FILES)), ids=FILES)
def test_what_is_needed_is_pinned_and_nothing_else(last):
    files = [read(file) for file in FILES[: last + 1]]
    own = {name: one for found, _ in files for name, one in found.items()}
    others = {name for _, found in files for name in found}
    assert needed_in_turn(own.values()) - own.keys() == others


@pytest.mark.parametrize("file", FILES)
def test_the_pinned_versions_are_the_ones_that_run(file):
    own, others = read(file)
    for one in (own | others).values():
        assert str(one.specifier) == f"=={distribution(one.name).version}", one
