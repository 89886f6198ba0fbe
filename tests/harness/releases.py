"""The releases of the project, from `docs/releases.txt`, for code that checks out an older release from git.

The file contains the commits, so a checkout without tags is enough.
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
    """`version` is semantic, without suffixes; `commit` is the full hash."""

    version: str
    commit: str
    date: date

    @property
    def precedence(self) -> tuple[int, ...]:
        return tuple(map(int, self.version.split(".")))


def newest_release() -> Release:
    """Return the latest release before the current work."""
    return parsed(FILE.read_text(encoding="utf-8"))[-1]


def parsed(text: str) -> list[Release]:
    """Parse lines `version, commit, date`, oldest first. Raises `ValueError` for another form, an empty text, or
    versions that do not ascend."""
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
