"""The links of the documents lead to existing files and headings, and docs/README.md links to every document."""

from pathlib import Path

import pytest

from tests.docs import links
from tests.docs.links import Link, anchors_of, fault_of, links_of, outside_fault
from tests.harness.environment import ROOT

INDEX = "docs/README.md"


def told(found: dict[Link, str | None]) -> list[str]:
    return [f"{one.document}:{one.line}: {one.target} {said}" for one, said in found.items() if said]


def test_internal_links_are_valid():
    inside = [one for one in links.links() if not one.is_outside]
    assert len(inside) > 100
    assert told({one: fault_of(one) for one in inside}) == []


def test_external_links_are_urls():
    outside = [one for one in links.links() if one.is_outside]
    assert len(outside) > 5
    assert told({one: outside_fault(one) for one in outside}) == []


def test_external_links_are_listed(capsys):
    links.main()
    listed = capsys.readouterr().out.splitlines()
    assert any(line.startswith("https://semver.org/  CHANGELOG.md:") for line in listed)
    assert len(listed) == len({one.target for one in links.links() if one.is_outside})


def test_the_index_leads_to_every_document():
    """If a folder has an index page, the page links to all documents in the folder."""
    led_to = {
        (ROOT / "docs" / one.target.partition("#")[0]).resolve()
        for one in links_of(INDEX, (ROOT / INDEX).read_text(encoding="utf-8"))
    }
    documents = {path for path in (ROOT / "docs").iterdir() if path.suffix in {".md", ".json", ".yaml"}}
    assert {path.name for path in documents - led_to - {ROOT / INDEX}} == set()
    records = {one.target for one in links_of("docs/adr/README.md", (ROOT / "docs/adr/README.md").read_text())}
    assert {path.name for path in (ROOT / "docs/adr").glob("0*.md")} == records


TEXT = """# A `b` & [c](x.md)

## Same

## Same

<a id="marked"></a> [one](a.md#x), ![picture](b.png), <img src="c.png">, [named][ref], <https://example.com>

`[code](none.md)`

| [in a table](d.md) |
|---|

```
[in a block](none.md)
```

[ref]: e.md
"""


def test_links_are_found_in_all_their_forms():
    found = {one.target: one.line for one in links_of("X.md", TEXT)}
    assert found == {
        "x.md": 1,
        "a.md#x": 7,
        "b.png": 7,
        "c.png": 7,
        "e.md": 7,
        "https://example.com": 7,
        "d.md": 11,
    }


def test_anchors_are_those_of_headings():
    assert anchors_of(TEXT) == {"a-b--c", "same", "same-1", "marked"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("# Top\n")
    (tmp_path / "docs" / "README.md").write_text("# Index\n\n## A part\n")
    (tmp_path / "docs" / "a file.txt").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    "target", ["README.md", "#a-part", "../README.md#top", "../docs/#a-part", "a%20file.txt", ".", "../docs/README.md"]
)
def test_a_valid_link_is_accepted(project, target):
    assert fault_of(Link("docs/README.md", 1, target), project) is None


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("readme.txt", "does not exist"),
        ("../docs/readme.md", "does not exist"),
        ("#another-part", "has no such anchor"),
        ("../README.md#Top", "has no such anchor"),
        ("a%20file.txt#top", "has no such anchor"),
        ("../../README.md", "leads outside the project"),
        ("/README.md", "leads outside the project"),
    ],
)
def test_a_broken_link_is_found(project, target, said):
    assert fault_of(Link("docs/README.md", 1, target), project) == said


@pytest.mark.parametrize("target", ["http://example.com", "https://", "mailto:a@example.com", "https://me@example.com"])
def test_an_invalid_url_is_found(target):
    link = Link("README.md", 1, target)
    assert link.is_outside
    assert outside_fault(link)
