"""Walks every page of a site as a browser shows it, and finds what leads nowhere.

A link leads to one of the pages that are known, or to a document that its text names; a form to what takes it; scripts,
styles, pictures and fonts to what they are, those that scripts and styles ask for included.
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
"""What may be loaded, and which types of content it may have."""

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
    """A page that there is: its address, what it is headed by, and what links to it are called."""

    path: str
    title: str
    heading: str | None
    called: frozenset[str] | None = frozenset()
    """None: links to it may be called anything."""
    ready: str = "body"
    """What can be seen when all of it is there."""
    leads_on: bool = False
    """Its script goes to another page, which is what `title` and `heading` are those of."""

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
    """What there is to see, and what was found on the way; `faults` says where, what and why."""

    tab: Tab
    pages: Iterable[Page]
    documents: dict[str, tuple[str, str]]
    """Documents that are no pages: by text of the link its path and its type of content."""
    is_hashed: bool = False
    """Whether pages name static files by names that change with the content."""
    faults: list[str] = field(default_factory=list)
    patience: float = WAIT
    """Milliseconds until a page that does not show what it should is taken for another one."""
    seen: set[str] = field(default_factory=set)
    """The addresses of all pages that were shown, without their ids."""
    _answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    checked: set[tuple[str, str]] = field(default_factory=set)

    async def begin(self, path: str, *, status: int = 200) -> None:
        """Look at a page, and at all that can be reached from it."""
        answer = await self._ask(self.tab.url + path)
        if answer.status != status:
            self.faults.append(f"{path} answers {answer.status}")
            return
        await self._show(answer.url, path)

    async def follow(self, url: str, text: str, origin: str) -> None:
        """Look at what a link leads to."""
        if not url.startswith(f"{self.tab.url}/"):
            self._complain(origin, f"the link “{text}” leads off the site, to {url}")
            return
        answer = await self._ask(url)
        if answer.status != 200:
            self._complain(origin, f"the link “{text}” to {answer.path} answers {answer.status}")
        elif answer.content_type != HTML:
            if self.documents.get(text) != (answer.path, answer.content_type):
                self._complain(origin, f"the link “{text}” leads to {answer.content_type} at {answer.path}")
        elif page := self._page(answer.path):
            if page.called is not None and text not in page.called:
                self._complain(origin, f"a link to {answer.path} is called “{text}”")
            await self._show(answer.url, origin)
        else:
            self._complain(origin, f"the link “{text}” leads to {answer.path}, which is none of the pages")

    def _page(self, path: str) -> Page | None:
        return next((page for page in self.pages if page.is_at(path)), None)

    def _complain(self, origin: str, what: str) -> None:
        self.faults.append(f"{origin}: {what}")

    async def _show(self, url: str, origin: str) -> None:
        """Show a page in the browser, and look at all that is on it; of several of one kind, one is enough."""
        path = urlsplit(url).path
        page, kind = self._page(path), ID.sub("ID", path)
        if page is None:
            self._complain(origin, f"{path} is none of the pages")
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
                self._complain(origin, f"the link “{text}” leads to {address}, which is not on the page")

    async def _submit(self, url: str, method: str, origin: str) -> None:
        answer = await self._ask(url, "GET" if method == "get" else "OPTIONS")
        takes = not answer.allowed or method.upper() in answer.allowed
        if answer.status != 200 or "json" in answer.content_type or not takes:
            self._complain(origin, f"a form leads to {answer.path}, which does not take it ({answer.status})")

    async def _load(self, kind: str, url: str, origin: str, imports: dict[str, str]) -> None:
        """What a page, a script or a style loads, and what that loads in turn."""
        if (kind, url) in self.checked:
            return
        self.checked.add((kind, url))
        if self.is_hashed and not HASHED.search(url) and "/static/" in url:
            self._complain(origin, f"{url} is not named by its content")
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
            self._complain(url, f"imports “{name}”, which no import map has")

    async def _ask(self, url: str, method: str = "GET") -> Answer:
        """Ask with the cookies of the browser; what was asked before is not asked again."""
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
    """What either group of the pattern matches."""
    return [one or other for one, other in pattern.findall(source)]
