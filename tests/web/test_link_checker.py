"""The link checker finds a broken link of every kind, in a small site with one fault at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.async_api import Browser

from tests.web.links import Page, Walk
from tests.web.tabs import WAIT, Tabs

HTML, SCRIPT, STYLE, JSON = "text/html; charset=utf-8", "text/javascript", "text/css", "application/json"
PAGES = [
    Page("/", "Home", "^Home$", frozenset({"Start"})),
    Page("/register", "Create an account", "^Create an account$", frozenset({"Create an account"})),
]
DOCUMENTS = {"OpenAPI": ("/schema", "application/yaml")}


@dataclass(frozen=True)
class Given:
    """The response of an address."""

    body: str
    content_type: str = HTML
    status: int = 200
    allowed: str = "GET, POST, OPTIONS"


HOME = """<!doctype html><title>Home</title>
<link rel="stylesheet" href="/static/page.0123456789ab.css">
<script type="importmap">{"imports": {"library": "/static/library.0123456789ab.js"}}</script>
<script type="module" src="/static/page.0123456789ab.js"></script>
<h1>Home</h1>
<a href="/register">Create an account</a> <a href="/schema">OpenAPI</a> <a href="#below">Below</a> <p id="below"></p>
<form action="/log-out" method="post"><button>Log out</button></form>
"""
REGISTER = '<!doctype html><title>Create an account</title><h1>Create an account</h1><a href="/">Start</a>'
SITE = {
    "/": Given(HOME),
    "/register": Given(REGISTER),
    "/schema": Given("openapi: 3.1.0", "application/yaml"),
    "/log-out": Given("Bye", allowed="POST"),
    "/favicon.ico": Given("", "image/x-icon"),
    "/static/page.0123456789ab.css": Given(
        "@import './more.0123456789ab.css'; p { background: url(\"dot.0123456789ab.svg\") }", STYLE
    ),
    "/static/more.0123456789ab.css": Given("", STYLE),
    "/static/dot.0123456789ab.svg": Given("<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "/static/page.0123456789ab.js": Given(
        "import { one } from 'library';\nimport './near.0123456789ab.js';\none();", SCRIPT
    ),
    "/static/library.0123456789ab.js": Given("export {\n  one,\n} from './inner.0123456789ab.js';", SCRIPT),
    "/static/near.0123456789ab.js": Given("const later = () => import('./later.0123456789ab.js');", SCRIPT),
    "/static/inner.0123456789ab.js": Given("export const one = () => {};", SCRIPT),
    "/static/later.0123456789ab.js": Given("", SCRIPT),
}
ANOTHER = "shows another page"
GONE = Given("Gone", status=404)
PROBLEM = Given('{"success": false}', "application/problem+json", 405)


def changed(before: str, after: str) -> dict[str, Given]:
    """Return the home page with this text replaced."""
    assert before in HOME
    return {"/": Given(HOME.replace(before, after))}


BROKEN = {
    "a link to the API": ({"/register": PROBLEM}, "“Create an account” to /register returns 405"),
    "a link to JSON": ({"/register": Given("{}", JSON)}, "leads to application/json at /register"),
    "a broken link": ({"/register": GONE}, "“Create an account” to /register returns 404"),
    "a link to the wrong page": (changed('"/register"', '"/"'), "a link to / has the text “Create an account”"),
    "a link to an unknown page": (changed('"/register"', '"/log-out"'), "which is not a known page"),
    "a link with the wrong text": (changed(">Create an account<", ">Sign in<"), "to /register has the text “Sign in”"),
    "a link off the site": (changed('"/register"', '"https://elsewhere.example/"'), "leads off the site"),
    "a link to a missing anchor": (changed('id="below"', 'id="above"'), "#below, which does not exist on the page"),
    "a document under another name": (changed("OpenAPI", "Prices"), "“Prices” leads to application/yaml"),
    "a page with another title": ({"/register": Given(REGISTER.replace("account</title", "order</title"))}, ANOTHER),
    "a page with another heading": ({"/register": Given(REGISTER.replace("account</h1", "order</h1"))}, ANOTHER),
    "a form with a broken address": ({"/log-out": GONE}, "a form leads to /log-out"),
    "a form to an address that rejects POST": ({"/log-out": Given("Bye", allowed="GET")}, "a form leads to /log-out"),
    "a missing script": ({"/static/page.0123456789ab.js": GONE}, "page.0123456789ab.js as script is 404"),
    "a script that is an HTML page": ({"/static/page.0123456789ab.js": Given("")}, "as script is 200, text/html"),
    "a missing import": ({"/static/near.0123456789ab.js": GONE}, "near.0123456789ab.js as script is 404"),
    "a missing import of an import": (
        {"/static/inner.0123456789ab.js": GONE},
        "inner.0123456789ab.js as script is 404",
    ),
    "a missing import at run time": ({"/static/later.0123456789ab.js": GONE}, "later.0123456789ab.js as script is 404"),
    "an import without an entry in the map": (
        changed('"library"', '"another"'),
        "imports “library”, which is not in the import map",
    ),
    "a missing script of the import map": (
        {"/static/library.0123456789ab.js": GONE},
        "library.0123456789ab.js as script is 404",
    ),
    "a missing style sheet": ({"/static/page.0123456789ab.css": GONE}, "page.0123456789ab.css as style is 404"),
    "a missing import of a style sheet": (
        {"/static/more.0123456789ab.css": GONE},
        "more.0123456789ab.css as style is 404",
    ),
    "a missing picture of a style sheet": (
        {"/static/dot.0123456789ab.svg": GONE},
        "dot.0123456789ab.svg as image is 404",
    ),
    "a name without a hash": (
        {"/static/page.css": Given("", STYLE)} | changed("page.0123456789ab.css", "page.css"),
        "page.css has no content hash in its name",
    ),
    "an import without a hash": (
        {
            "/static/page.0123456789ab.js": Given("import './near.js';", SCRIPT),
            "/static/near.js": Given("", SCRIPT),
        },
        "near.js has no content hash in its name",
    ),
}
"""The changed responses of each fault, and the text that the checker must report."""


@contextmanager
def serving(site: dict[str, Given]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            given = site.get(self.path, GONE)
            body = given.body.encode()
            self.send_response(given.status)
            self.send_header("Content-Type", given.content_type)
            self.send_header("Content-Length", str(len(body)))
            if self.command == "OPTIONS":
                self.send_header("Allow", given.allowed)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_OPTIONS = answer

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def faults_of(chromium: Browser, site: dict[str, Given], patience: float = WAIT) -> tuple[list[str], set[str]]:
    with serving(site) as url:
        tabs = Tabs(chromium, url)
        tab = await tabs.take(None, may_fail=True)
        walk = Walk(tab, PAGES, DOCUMENTS, is_hashed=True, patience=patience)
        await walk.begin("/")
        await tab.context.close()
    return walk.faults, walk.seen


async def test_a_site_without_faults_passes(chromium):
    assert await faults_of(chromium, SITE) == ([], {"/", "/register"})


@pytest.mark.parametrize("fault", BROKEN)
async def test_every_kind_of_fault_is_found(chromium, fault):
    changes, said = BROKEN[fault]
    # A wrong page never shows the expected title or heading, so waiting is useless.
    faults, _ = await faults_of(chromium, SITE | changes, 1 if said == ANOTHER else WAIT)
    assert [one for one in faults if said in one], faults
