"""Applies changes that a document shows to a copy of the project.

A block of the language `diff` has one or more parts. Each begins with the path of a file, after `--- ` if the file is
changed and after `+++ ` if it is new. The next lines have the form of a unified diff without line numbers. Unchanged
and removed lines (` `, `-`) must occur together exactly once in the file. Unchanged and added lines (` `, `+`) replace
them. `@@` begins another change to the same file.
"""

import re
from collections.abc import Iterator
from pathlib import Path

HEAD = re.compile(r"^(---|\+\+\+) (\S+)$", re.MULTILINE)


class RecipeFault(Exception):
    """The change does not fit the current project."""


def apply(text: str, folder: Path) -> None:
    """Make all changes of a block. Raises `RecipeFault` if a change does not fit; the changes before it are kept."""
    before, *parts = HEAD.split(text)
    if before.strip() or not parts:
        raise RecipeFault(f"The block does not begin with the path of a file: {text.splitlines()[:1]}")
    for kind, name, changes in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        _change(folder / name, name, changes.strip("\n").split("\n"), is_new=kind == "+++")


def _change(path: Path, name: str, lines: list[str], *, is_new: bool) -> None:
    if is_new == path.exists():
        raise RecipeFault(f"{name}: {'exists already' if is_new else 'does not exist'}")
    content = "" if is_new else path.read_text(encoding="utf-8")
    for place in _places(lines):
        old, new = _sides(place, name)
        if is_new and old:
            raise RecipeFault(f"{name}: a new file can contain new lines only")
        if not is_new and (not old or f"\n{content}".count(f"\n{old}") != 1):
            raise RecipeFault(f"{name}: these lines must occur exactly once:\n{old}")
        content = new if is_new else f"\n{content}".replace(f"\n{old}", f"\n{new}")[1:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def _places(lines: list[str]) -> Iterator[list[str]]:
    place: list[str] = []
    for line in lines:
        if line == "@@":
            yield place
            place = []
        else:
            place.append(line)
    yield place


def _sides(lines: list[str], name: str) -> tuple[str, str]:
    """Return the lines before and after the change."""
    wrong = [line for line in lines if line[:1] not in {"", " ", "+", "-"}]
    if wrong:
        raise RecipeFault(f"{name}: not a line of a diff: {wrong[0]}")
    old = [line[1:] for line in lines if line[:1] != "+"]
    new = [line[1:] for line in lines if line[:1] != "-"]
    return "".join(f"{line}\n" for line in old), "".join(f"{line}\n" for line in new)
