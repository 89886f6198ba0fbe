"""`python -m scripts.commit_subjects FILE`: check the subject of the commit message in FILE. Runs as a git hook."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST = 72
NOT_IMPERATIVE = re.compile(r"(?:An?|The|This|That|These|What|Which|Who|How|Why|\w+(?:ed|ing|(?<!s)s))\b")
"""Words that a subject must not begin with, as in "Added", "Adds", "Adding", "A way to add"."""

IMPERATIVE = {
    *("Bring", "Ping", "Ring", "String", "Swing"),
    *("Embed", "Exceed", "Feed", "Need", "Proceed", "Seed", "Shed", "Speed", "Succeed"),
    *("Alias", "Bias", "Canvas", "Focus"),
}
"""Imperative verbs that `NOT_IMPERATIVE` matches because of their ending."""


def faults(subject: str) -> Iterator[str]:
    """Yield the faults of the first line of a commit message."""
    if len(subject) > LONGEST:
        yield f"has {len(subject)} characters, of which {LONGEST} are allowed"
    if not subject[:1].isupper():
        yield "does not begin with a capital letter"
    if subject.endswith("."):
        yield "ends with a full stop"
    first = subject.partition(" ")[0]
    if first not in IMPERATIVE and NOT_IMPERATIVE.fullmatch(first):
        yield f"does not say what to do (“Add …”): “{first}”"


def main() -> int:
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    subject = next((line for line in lines if line and not line.startswith("#")), "")
    found = list(faults(subject))
    for one in found:
        sys.stderr.write(f"The subject {one}.\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
