"""The releases of the project, from `docs/releases.txt`: what takes the code of an older one from git asks here.

The commits are written down, so that this works in a checkout without tags.
"""

import re
from dataclasses import dataclass
from datetime import date

from tests.harness.environment import ROOT

FILE = ROOT / "docs" / "releases.txt"
_NUMBER = "(0|[1-9][0-9]*)"
_LINE = re.compile(
    rf"(?P<version>{_NUMBER}\.{_NUMBER}\.{_NUMBER}), (?P<commit>[0-9a-f]{{40}}), (?P<date>\d{{4}}-\d\d-\d\d)"
)


@dataclass(frozen=True)
class Release:
    """`version` is semantic, without suffixes; `commit` is the whole hash."""

    version: str
    commit: str
    date: date

    @property
    def precedence(self) -> tuple[int, ...]:
        return tuple(map(int, self.version.split(".")))


def newest_release() -> Release:
    """The release before what is being worked on."""
    return parsed(FILE.read_text(encoding="utf-8"))[-1]


def parsed(text: str) -> list[Release]:
    """The releases in a text of lines `version, commit, date`, oldest first. Raises `ValueError` where it has another
    form, no line, or a version that is not higher than the one before it."""
    found: list[Release] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line)
        if not match:
            raise ValueError(f"Line {number} is not `version, commit, date`: {line!r}")
        release = Release(match["version"], match["commit"], date.fromisoformat(match["date"]))
        if found and release.precedence <= found[-1].precedence:
            raise ValueError(f"Line {number}: {release.version} does not come after {found[-1].version}")
        found.append(release)
    if not found:
        raise ValueError("There is no release")
    return found
