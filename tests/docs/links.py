"""The links of the documents; their targets must exist, including anchors.

`python -m tests.docs.links` lists the external links, which no test follows.
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
    """Collects the links in the HTML of a document, and the ids that are link targets."""

    def __post_init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.targets += [given[name] or "" for name in ("href", "src") if name in given]
        self.ids += [given[name] or "" for name in ("id", "name") if name in given]


def links_of(document: str, text: str) -> list[Link]:
    """Return the links and images, including links and images in HTML. Code is ignored."""
    found = []
    for line, token in _tokens(text):
        targets = [str(token.attrs[name]) for name in ("href", "src") if name in token.attrs]
        found += [Link(document, line, target) for target in targets + _markup(token).targets]
    return found


def anchors_of(text: str) -> set[str]:
    """Return the anchors of a document: the anchors that GitHub creates from its headings, and the ids in its HTML."""
    slugs, anchors = Counter[str](), set[str]()
    tokens = MarkdownIt().parse(text)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            slug = _slug("".join(one.content for one in inline.children or () if one.type in {"text", "code_inline"}))
            anchors.add(f"{slug}-{slugs[slug]}" if slugs[slug] else slug)
            slugs[slug] += 1
    return anchors.union(*(_markup(token).ids for _, token in _tokens(text)))


def fault_of(link: Link, root: Path = ROOT) -> str | None:
    """Return why a link inside the project is broken; None if it is valid."""
    path, _, anchor = unquote(link.target).partition("#")
    start = root / link.document
    place = (start.parent / path).resolve() if path else start
    if path.startswith("/") or not place.is_relative_to(root):
        return "leads outside the project"
    if not place.exists():
        return "does not exist"
    if not anchor:
        return None
    if place.is_dir():
        place = place / FILE_OF_FOLDER
    if place.suffix != ".md" or not place.exists() or anchor not in anchors_of(place.read_text(encoding="utf-8")):
        return "has no such anchor"
    return None


def outside_fault(link: Link) -> str | None:
    """Return why an external link is invalid, as far as that is known without following it."""
    parts = urlsplit(link.target)
    if parts.scheme != "https" or not parts.hostname:
        return "is not an https URL"
    return "names a person" if parts.username else None


@cache
def links() -> tuple[Link, ...]:
    """Return all links of all documents."""
    return tuple(one for name in documents() for one in links_of(name, (ROOT / name).read_text(encoding="utf-8")))


def _tokens(text: str) -> Iterator[tuple[int, Token]]:
    """Yield each token of a text with its line."""
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
