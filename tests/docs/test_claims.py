"""A test runs every code block of every document and of every page of the site."""

import pkgutil
from importlib import import_module

import pytest
from django.test import Client

from tests import docs
from tests.docs.blocks import PAGES, Block, blocks_of, blocks_of_page, blocks_of_text, documents
from tests.docs.claims import CLAIMS, Claim, unclaimed

for _module in pkgutil.iter_modules(docs.__path__):
    import_module(f"tests.docs.{_module.name}")


def _all_of_documents() -> list[Block]:
    return [block for document in documents() for block in blocks_of(document)]


def _all_of_pages() -> list[Block]:
    return [block for page in PAGES for block in blocks_of_page(page, Client().get(page).content.decode())]


def test_every_block_of_a_document_is_run() -> None:
    found = _all_of_documents()
    assert len(found) > 50
    assert {block.document for block in found} >= {"README.md", "docs/quickstart.md", "static/stoory-client/README.md"}
    assert [block.place for block in unclaimed(found)] == []


@pytest.mark.django_db
def test_every_block_of_a_page_is_run() -> None:
    found = _all_of_pages()
    assert {block.document for block in found} == set(PAGES)
    assert [block.place for block in unclaimed(found)] == []


@pytest.mark.django_db
def test_every_claim_matches_the_blocks_under_its_heading() -> None:
    found = _all_of_documents() + _all_of_pages()
    for claim in CLAIMS:
        claim.of(found)


def test_headings_with_blocks_are_unique() -> None:
    for document in documents():
        headings = [block.heading for block in blocks_of(document)]
        together = [one for at, one in enumerate(headings) if at == 0 or headings[at - 1] != one]
        assert len(together) == len(set(together)), document


def test_blocks_are_found_in_all_their_forms() -> None:
    text = "# One\n\n```sh\na\n```\n\n- in a list:\n\n  ~~~\n  b\n  ~~~\n\n## Two `x`\n\n    c\n"
    found = blocks_of_text("X.md", text)
    assert [(one.heading, one.line, one.language, one.text) for one in found] == [
        ("One", 3, "sh", "a\n"),
        ("One", 9, "", "b\n"),
        ("Two `x`", 15, "", "c\n"),
    ]


def test_an_unclaimed_block_is_reported_with_its_place() -> None:
    one = Block("X.md", "Heading", 7, "sh", "true\n")
    assert [block.place for block in unclaimed([one])] == ["X.md:7, under “Heading”"]
    with pytest.raises(AssertionError, match=r"X\.md:7, under “Heading”: the blocks are \('sh',\)"):
        Claim("X.md", "Heading", ("sh", "sh")).of([one])
    with pytest.raises(AssertionError, match="no blocks were found"):
        Claim("X.md", "Another", ("sh",)).of([one])


def test_code_of_a_page_is_read_as_displayed() -> None:
    html = '<h2>A <em>b</em></h2>\n<p>x</p><pre tabindex="0"><code>&lt;p&gt; &amp;&amp;\n$1</code></pre>'
    assert blocks_of_page("/x", html) == [Block("/x", "A b", 2, "", "<p> &&\n$1\n")]
