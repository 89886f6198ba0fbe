"""Each page under docs/ has one title and a bounded length, and the index of decisions agrees with the records."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.docs.links import links_of
from tests.harness.environment import ROOT

LONGEST = 300
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
RECORDS = sorted((DOCS / "adr").glob("0*.md"))
HEAD = re.compile(r"# (\d+)\. (.+)\n\n- Status: (.+)\n- Date: (\d{4}-\d\d-\d\d)\n")
STATUS = re.compile(r"proposed|accepted|rejected|superseded by \[ADR (\d+)\]\((.+)\)")
ROW = re.compile(r"^\| (\d+) \| \[(.+)\]\((.+)\) \| (.+) \| (.+) \|$", re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def title_of(text: str) -> str:
    """Return the title of a page. Raises `ValueError` if the page does not begin with its only title."""
    outside_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^# (.+)$", outside_code, re.MULTILINE)
    if len(titles) != 1 or not text.startswith("# "):
        raise ValueError(f"The page has the titles {titles}, or begins with something else.")
    return titles[0]


def fault_of(text: str) -> str | None:
    """Return the rule that a page breaks."""
    lines = len(text.splitlines())
    if lines > LONGEST:
        return f"has {lines} lines, of which {LONGEST} are allowed; move a part of its subject to another page"
    try:
        title_of(text)
    except ValueError as error:
        return str(error)
    return None


def test_pages_are_short_and_have_one_title():
    assert len(PAGES) > 40
    assert {name(path): said for path in PAGES if (said := fault_of(path.read_text(encoding="utf-8")))} == {}


def test_pages_have_different_titles():
    titles = [title_of(path.read_text(encoding="utf-8")) for path in PAGES]
    assert sorted(titles) == sorted(set(titles))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# A\n" + "b\n" * 299, None),
        ("# A\n\n```sh\n# b\n```\n\n## C\n", None),
        ("# A\n" + "b\n" * 300, "has 301 lines"),
        ("# A\n\nb\n\n# C\n", r"titles \['A', 'C'\]"),
        ("a\n\n# B\n", "begins with something else"),
        ("## A\n", r"titles \[\]"),
        ("", r"titles \[\]"),
    ],
)
def test_a_fault_of_a_page_is_found(text, said):
    found = fault_of(text)
    assert (found is None) if said is None else re.search(said, found)


def reached_from(start: Path) -> set[Path]:
    """Return the pages under docs/ to which the links of a page lead, directly or through other pages."""
    reached, waiting = {start}, [start]
    while waiting:
        page = waiting.pop()
        for link in links_of(name(page), page.read_text(encoding="utf-8")):
            target = (page.parent / link.target.partition("#")[0]).resolve()
            if target in PAGES and target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def test_the_index_leads_to_every_page():
    assert {name(path) for path in set(PAGES) - reached_from(DOCS / "README.md")} == set()


def listed_as(record: Path, text: str) -> tuple[str, ...]:
    """Return the row of a record in the index. Raises `ValueError` if its head is wrong."""
    head = HEAD.match(text)
    status = STATUS.fullmatch(head[3]) if head else None
    if not head or not status or not date.fromisoformat(head[4]):
        raise ValueError(f"{record.name} does not begin with number and title, status and date.")
    if not record.name.startswith(f"{int(head[1]):04}-"):
        raise ValueError(f"{record.name} has the number {head[1]}.")
    if status[1] and not (int(status[2][:4]) == int(status[1]) and (record.parent / status[2]).exists()):
        raise ValueError(f"{record.name} is superseded by a record that does not exist.")
    return (head[1], head[2].replace("`", ""), record.name, head[3], head[4])


def test_the_index_of_decisions_agrees_with_the_records():
    rows = ROW.findall((DOCS / "adr/README.md").read_text(encoding="utf-8"))
    listed = [(number, title.replace("`", ""), *rest) for number, title, *rest in rows]
    assert listed == [listed_as(record, record.read_text(encoding="utf-8")) for record in RECORDS]
    assert [int(number) for number, *_ in listed] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# 1. A\n\n- Status: accepted\n- Date: 2026-11-24\n", None),
        ("# 1. A\n\n- Status: superseded by [ADR 2](0002-one-bus.md)\n- Date: 2026-11-24\n", None),
        (
            "# 1. A\n\n- Status: superseded by [ADR 2](0003-numbers-in-the-database.md)\n- Date: 2026-11-24\n",
            "does not",
        ),
        ("# 1. A\n\n- Status: superseded by [ADR 2](0002-gone.md)\n- Date: 2026-11-24\n", "does not exist"),
        ("# 2. A\n\n- Status: accepted\n- Date: 2026-11-24\n", "has the number 2"),
        ("# 1. A\n\n- Status: fine\n- Date: 2026-11-24\n", "does not begin with"),
        ("# 1. A\n\n- Status: accepted\n- Date: 2026-11-31\n", "day"),
        ("# 1. A\n\n- Date: 2026-11-24\n", "does not begin with"),
        ("# A\n\n- Status: accepted\n- Date: 2026-11-24\n", "does not begin with"),
    ],
)
def test_a_wrong_head_of_a_record_is_found(text, said):
    record = DOCS / "adr/0001-fact-row-signals.md"
    if said is None:
        assert listed_as(record, text)[:3] == ("1", "A", record.name)
        return
    with pytest.raises(ValueError, match=said):
        listed_as(record, text)
