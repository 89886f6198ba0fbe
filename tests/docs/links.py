"""The links of the documents: what they lead to has to be there, anchors included.

`python -m tests.docs.links` lists the links that lead outside, which no test follows.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.docs.blocks import documents
from tests.harness.environment import ROOT

OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
FILE_OF_FOLDER = "README.md"


@dataclass(frozen=True)
class Link:
    document: str
    line: int
    target: str

    @property
    def is_outside(self) -> bool:
        return OUTSIDE.match(self.target) is not None


@dataclass
class _Markup(HTMLParser):
    """Collects what HTML in a document leads to, and the ids that can be led to."""

    def __post_init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.targets += [given[name] or "" for name in ("href", "src") if name in given]
        self.ids += [given[name] or "" for name in ("id", "name") if name in given]


def links_of(document: str, text: str) -> list[Link]:
    """Links and pictures, those in HTML included; code is left out."""
    found = []
    for line, token in _tokens(text):
        targets = [str(token.attrs[name]) for name in ("href", "src") if name in token.attrs]
        found += [Link(document, line, target) for target in targets + _markup(token).targets]
    return found


def anchors_of(text: str) -> set[str]:
    """The anchors of a document, as GitHub makes them of its headings, and the ids of its HTML."""
    slugs, anchors = Counter[str](), set[str]()
    tokens = MarkdownIt().parse(text)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            slug = _slug("".join(one.content for one in inline.children or () if one.type in {"text", "code_inline"}))
            anchors.add(f"{slug}-{slugs[slug]}" if slugs[slug] else slug)
            slugs[slug] += 1
    return anchors.union(*(_markup(token).ids for _, token in _tokens(text)))


def fault_of(link: Link, root: Path = ROOT) -> str | None:
    """Why a link inside of the project leads nowhere; None if it does not."""
    path, _, anchor = unquote(link.target).partition("#")
    start = root / link.document
    place = (start.parent / path).resolve() if path else start
    if path.startswith("/") or not place.is_relative_to(root):
        return "leads out of the project"
    if not place.exists():
        return "is not there"
    if not anchor:
        return None
    if place.is_dir():
        place = place / FILE_OF_FOLDER
    if place.suffix != ".md" or not place.exists() or anchor not in anchors_of(place.read_text(encoding="utf-8")):
        return "has no such anchor"
    return None


def outside_fault(link: Link) -> str | None:
    """Why a link to the outside cannot be right, as far as that can be said without following it."""
    parts = urlsplit(link.target)
    if parts.scheme != "https" or not parts.hostname:
        return "is no https address"
    return "names a person" if parts.username else None


@cache
def links() -> tuple[Link, ...]:
    """All links of all documents."""
    return tuple(one for name in documents() for one in links_of(name, (ROOT / name).read_text(encoding="utf-8")))


def _tokens(text: str) -> Iterator[tuple[int, Token]]:
    """Each token of a text, with its line."""
    for token in MarkdownIt().enable("table").parse(text):
        line = token.map[0] + 1 if token.map else 0
        yield from ((line, one) for one in (token, *(token.children or ())))


def _markup(token: Token) -> _Markup:
    parser = _Markup()
    if token.type in {"html_block", "html_inline"}:
        parser.feed(token.content)
    return parser


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def main() -> int:
    places: dict[str, set[str]] = defaultdict(set)
    for link in links():
        if link.is_outside:
            places[link.target].add(f"{link.document}:{link.line}")
    for target, found in sorted(places.items()):
        sys.stdout.write(f"{target}  {' '.join(sorted(found))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
