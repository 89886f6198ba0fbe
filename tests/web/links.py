"""Walks through every page of a site in a browser and finds broken links.

A link must lead to a known page, or to the document that its text names. A form must lead to an address that accepts
it. Scripts, styles, images and fonts must have the right content types, including the files that scripts and styles
load.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin, urlsplit

from playwright.async_api import expect

from tests.web.tabs import WAIT, Tab

HTML = "text/html"
AS_A_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=/)\d+(?=/)")
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
LOADED = {
    "script": re.compile(r"(text|application)/javascript"),
    "style": re.compile(r"text/css"),
    "image": re.compile(r"image/"),
    "font": re.compile(r"font/"),
}
"""The kinds of files that pages load, and their content types."""

FOUND = """
() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const named = (element) => (element.textContent || element.getAttribute('aria-label') || '')
    .replace(/\\s+/g, ' ').trim();
  const into = { stylesheet: 'style', icon: 'image', modulepreload: 'script' };
  const kindOf = (link) => into[link.rel.split(' ').find((word) => into[word])] ?? link.getAttribute('as');
  const maps = all('script[type=importmap]').map((one) => JSON.parse(one.textContent).imports);
  return {
    links: all('a[href], area[href]').map((one) => [one.getAttribute('href'), named(one)]),
    forms: all('form[action], [formaction]').map((one) => [
      one.getAttribute('formaction') ?? one.getAttribute('action'),
      (one.getAttribute('formmethod') ?? one.form?.method ?? one.method ?? 'get').toLowerCase(),
    ]),
    imports: Object.assign({}, ...maps),
    loaded: [
      ...all('script[src]').map((one) => ['script', one.getAttribute('src')]),
      ...all('link[href]').map((one) => [kindOf(one), one.getAttribute('href')]),
      ...all('img[src]').map((one) => ['image', one.getAttribute('src')]),
      ...all('meta[name$=":icons"]').map((one) => ['image', one.content]),
      ...maps.flatMap((map) => Object.values(map)).map((address) => ['script', address]),
    ],
    ids: all('[id]').map((one) => one.id),
  };
}
"""
IMPORT = re.compile(
    r"""(?:^|[;}\s])(?:import\s*(?:[\w*${}\s,]+?from\s*)?|export\s*[\w*${}\s,]+?from\s*)["']([^"']+)["']"""
    r"""|\bimport\(\s*["']([^"']+)["']\s*\)""",
    re.MULTILINE,
)
LOADED_BY_STYLE = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']""")
KIND_BY_ENDING = {"css": "style", "woff2": "font", "woff": "font", "svg": "image", "png": "image", "gif": "image"}


@dataclass(frozen=True)
class Page:
    """A known page: its address, title and heading, and the texts of links to it."""

    path: str
    title: str
    heading: str | None
    called: frozenset[str] | None = frozenset()
    """The texts of links to this page; None permits any text."""
    ready: str = "body"
    """An element that is visible when the page is complete."""
    leads_on: bool = False
    """Whether its script goes to another page, whose `title` and `heading` are given here."""

    def is_at(self, path: str) -> bool:
        return re.fullmatch(self.path, path) is not None


@dataclass(frozen=True)
class Answer:
    url: str
    status: int
    content_type: str
    text: str
    allowed: str = ""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


@dataclass
class Walk:
    """The known pages, and what was found on the way; `faults` says where the fault is, what it is and why."""

    tab: Tab
    pages: Iterable[Page]
    documents: dict[str, tuple[str, str]]
    """Documents that are not HTML pages: path and content type by the text of the link."""
    is_hashed: bool = False
    """Whether the names of static files contain a content hash."""
    faults: list[str] = field(default_factory=list)
    patience: float = WAIT
    """Milliseconds to wait until a page shows its title and heading."""
    seen: set[str] = field(default_factory=set)
    """The addresses of all pages shown, with their ids replaced."""
    _answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    checked: set[tuple[str, str]] = field(default_factory=set)

    async def begin(self, path: str, *, status: int = 200) -> None:
        """Check a page and everything that it links to, directly or not."""
        answer = await self._ask(self.tab.url + path)
        if answer.status != status:
            self.faults.append(f"{path} returns {answer.status}")
            return
        await self._show(answer.url, path)

    async def follow(self, url: str, text: str, origin: str) -> None:
        """Check the target of a link."""
        if not url.startswith(f"{self.tab.url}/"):
            self._complain(origin, f"the link “{text}” leads off the site, to {url}")
            return
        answer = await self._ask(url)
        if answer.status != 200:
            self._complain(origin, f"the link “{text}” to {answer.path} returns {answer.status}")
        elif answer.content_type != HTML:
            if self.documents.get(text) != (answer.path, answer.content_type):
                self._complain(origin, f"the link “{text}” leads to {answer.content_type} at {answer.path}")
        elif page := self._page(answer.path):
            if page.called is not None and text not in page.called:
                self._complain(origin, f"a link to {answer.path} has the text “{text}”")
            await self._show(answer.url, origin)
        else:
            self._complain(origin, f"the link “{text}” leads to {answer.path}, which is not a known page")

    def _page(self, path: str) -> Page | None:
        return next((page for page in self.pages if page.is_at(path)), None)

    def _complain(self, origin: str, what: str) -> None:
        self.faults.append(f"{origin}: {what}")

    async def _show(self, url: str, origin: str) -> None:
        """Show a page in the browser and check everything on it. Of several pages that differ in an id, check one."""
        path = urlsplit(url).path
        page, kind = self._page(path), ID.sub("ID", path)
        if page is None:
            self._complain(origin, f"{path} is not a known page")
        if page is None or kind in self.seen:
            return
        self.seen.add(kind)
        await self.tab.goes(url.removeprefix(self.tab.url))
        if await self._is_right(page, path) and not page.leads_on:
            await self.look(path)

    async def _is_right(self, page: Page, path: str) -> bool:
        try:
            if page.heading:
                await expect(self.tab.find("h1").first).to_have_text(re.compile(page.heading), timeout=self.patience)
            await expect(self.tab.find(page.ready).first).to_be_visible(timeout=self.patience)
            await expect(self.tab.page).to_have_title(re.compile(f"^{page.title}$"), timeout=self.patience)
        except AssertionError as wrong:
            self._complain(path, f"shows another page: {str(wrong).partition('Call log')[0]}")
            return False
        return True

    async def look(self, origin: str) -> None:
        """Follow everything on the page that the browser shows."""
        found, base = await self.tab.page.evaluate(FOUND), self.tab.page.url
        for kind, address in found["loaded"]:
            if kind is None or address.startswith("data:"):
                continue
            await self._load(kind, urljoin(base, address), origin, found["imports"])
        for address, method in found["forms"]:
            await self._submit(urljoin(base, address), method, origin)
        for address, text in found["links"]:
            if not address.startswith("#"):
                await self.follow(urldefrag(urljoin(base, address)).url, text, origin)
            elif address[1:] not in {"", *found["ids"]} and not address.startswith("#/"):
                self._complain(origin, f"the link “{text}” leads to {address}, which does not exist on the page")

    async def _submit(self, url: str, method: str, origin: str) -> None:
        answer = await self._ask(url, "GET" if method == "get" else "OPTIONS")
        takes = not answer.allowed or method.upper() in answer.allowed
        if answer.status != 200 or "json" in answer.content_type or not takes:
            self._complain(origin, f"a form leads to {answer.path}, which does not accept it ({answer.status})")

    async def _load(self, kind: str, url: str, origin: str, imports: dict[str, str]) -> None:
        """Check a file that a page, a script or a style loads, and the files that it loads itself."""
        if (kind, url) in self.checked:
            return
        self.checked.add((kind, url))
        if self.is_hashed and not HASHED.search(url) and "/static/" in url:
            self._complain(origin, f"{url} has no content hash in its name")
        answer = await self._ask(url)
        if answer.status != 200 or not LOADED[kind].match(answer.content_type):
            self._complain(origin, f"{url} as {kind} is {answer.status}, {answer.content_type}")
            return
        if kind == "script":
            for name in named_in(IMPORT, answer.text):
                await self._import(name, answer.url, imports)
        elif kind == "style":
            for address in named_in(LOADED_BY_STYLE, answer.text):
                if not address.startswith(("data:", "#")):
                    ending = urlsplit(address).path.rpartition(".")[2]
                    await self._load(KIND_BY_ENDING[ending], urljoin(answer.url, address), url, imports)

    async def _import(self, name: str, url: str, imports: dict[str, str]) -> None:
        if name.startswith(("/", "./", "../")):
            await self._load("script", urljoin(url, name), url, imports)
        elif name in imports:
            await self._load("script", urljoin(self.tab.url, imports[name]), url, imports)
        else:
            self._complain(url, f"imports “{name}”, which is not in the import map")

    async def _ask(self, url: str, method: str = "GET") -> Answer:
        """Send a request with the cookies of the browser; return the earlier response to the same request, if any."""
        if (method, url) not in self._answers:
            told = await self.tab.context.request.fetch(url, method=method, headers=AS_A_BROWSER)
            self._answers[method, url] = Answer(
                told.url,
                told.status,
                told.headers.get("content-type", "").partition(";")[0],
                (await told.body()).decode(errors="replace"),
                told.headers.get("allow", ""),
            )
        return self._answers[method, url]


def named_in(pattern: re.Pattern[str], source: str) -> list[str]:
    """Return the matches of either group of the pattern."""
    return [one or other for one, other in pattern.findall(source)]
