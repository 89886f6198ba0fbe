"""The code blocks of the documents and of the pages that contain code."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

from markdown_it import MarkdownIt

from tests.harness.environment import ROOT

LEFT_OUT = {"node_modules", "var", "staticfiles"}
"""Folders that are not part of the project. Folders whose names begin with a dot are left out too, except `HIDDEN`."""
HIDDEN = {".github", ".ci"}

PAGES = ("/", "/developers")
"""The pages of the site with code blocks."""


@dataclass(frozen=True)
class Block:
    """`language` is the text after the fence; it is empty if the fence has no text, and for indented blocks."""

    document: str
    heading: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.document}:{self.line}, under “{self.heading}”"

    def with_address(self, url: str) -> "Block":
        """Return the block with the address of another server."""
        return replace(self, text=self.text.replace("http://127.0.0.1:3000", url))


def documents() -> list[str]:
    """Return the paths of all Markdown files of the project."""
    found = (path.relative_to(ROOT) for path in files_of(ROOT))
    return sorted(str(path) for path in found if path.suffix == ".md")


def files_of(folder: Path) -> Iterator[Path]:
    """Yield the files of the project.

    `.git` is left out. In a worktree it is a file, and with it git commands in a copy would change the original
    repository.
    """
    for path in folder.iterdir():
        if path.name == ".git":
            continue
        if path.is_file():
            yield path
        elif not path.is_symlink() and not _is_left_out(path.name):
            yield from files_of(path)


def _is_left_out(folder: str) -> bool:
    return folder in LEFT_OUT or (folder.startswith(".") and folder not in HIDDEN)


def blocks_of_text(document: str, text: str) -> list[Block]:
    """Return the fenced and indented blocks, each with the heading above it."""
    found: list[Block] = []
    heading, is_heading = "", False
    for token in MarkdownIt().parse(text):
        if token.type == "inline" and is_heading:
            heading = token.content
        is_heading = token.type == "heading_open"
        if token.type in {"fence", "code_block"}:
            found.append(Block(document, heading, token.map[0] + 1, token.info.strip(), token.content))
    return found


def blocks_of(document: str) -> list[Block]:
    return blocks_of_text(document, (ROOT / document).read_text(encoding="utf-8"))


@dataclass
class _Code(HTMLParser):
    """Collects the contents of `<pre>`, each with the heading above it."""

    page: str
    found: list[Block] = field(default_factory=list)
    heading: str = ""
    inside: str = ""
    line: int = 0
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in {"h1", "h2", "h3", "pre"}:
            self.inside, self.line, self.text = tag, self.getpos()[0], []

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag != self.inside:
            return
        written = "".join(self.text)
        if tag == "pre":
            self.found.append(Block(self.page, self.heading, self.line, "", written + "\n"))
        else:
            self.heading = written.strip()
        self.inside = ""


def blocks_of_page(page: str, html: str) -> list[Block]:
    """Return the contents of `<pre>` in a page of the site; `page` is its path."""
    parser = _Code(page)
    parser.feed(html)
    return parser.found
