"""The rule that links lead where they say finds a broken one of every kind: a small site with one fault at a time."""

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
    """What an address answers."""

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
    """The home page with something else in it."""
    assert before in HOME
    return {"/": Given(HOME.replace(before, after))}


BROKEN = {
    "a link to the API": ({"/register": PROBLEM}, "“Create an account” to /register answers 405"),
    "a link to JSON": ({"/register": Given("{}", JSON)}, "leads to application/json at /register"),
    "a link to nothing": ({"/register": GONE}, "“Create an account” to /register answers 404"),
    "a link to the wrong page": (changed('"/register"', '"/"'), "a link to / is called “Create an account”"),
    "a link to a page that is not known": (changed('"/register"', '"/log-out"'), "which is none of the pages"),
    "a link called otherwise": (changed(">Create an account<", ">Sign in<"), "to /register is called “Sign in”"),
    "a link off the site": (changed('"/register"', '"https://elsewhere.example/"'), "leads off the site"),
    "a link to no place on the page": (changed('id="below"', 'id="above"'), "#below, which is not on the page"),
    "a document that its text does not name": (changed("OpenAPI", "Prices"), "“Prices” leads to application/yaml"),
    "another title": ({"/register": Given(REGISTER.replace("account</title", "order</title"))}, ANOTHER),
    "another heading": ({"/register": Given(REGISTER.replace("account</h1", "order</h1"))}, ANOTHER),
    "a form to nothing": ({"/log-out": GONE}, "a form leads to /log-out"),
    "a form to what takes none": ({"/log-out": Given("Bye", allowed="GET")}, "a form leads to /log-out"),
    "a script that is not there": ({"/static/page.0123456789ab.js": GONE}, "page.0123456789ab.js as script is 404"),
    "a script that is a page": ({"/static/page.0123456789ab.js": Given("")}, "as script is 200, text/html"),
    "an import that is not there": ({"/static/near.0123456789ab.js": GONE}, "near.0123456789ab.js as script is 404"),
    "an import of an import": ({"/static/inner.0123456789ab.js": GONE}, "inner.0123456789ab.js as script is 404"),
    "an import at run time": ({"/static/later.0123456789ab.js": GONE}, "later.0123456789ab.js as script is 404"),
    "an import that no map has": (changed('"library"', '"another"'), "imports “library”, which no import map has"),
    "an entry of the map": ({"/static/library.0123456789ab.js": GONE}, "library.0123456789ab.js as script is 404"),
    "a style that is not there": ({"/static/page.0123456789ab.css": GONE}, "page.0123456789ab.css as style is 404"),
    "a style of a style": ({"/static/more.0123456789ab.css": GONE}, "more.0123456789ab.css as style is 404"),
    "a picture of a style": ({"/static/dot.0123456789ab.svg": GONE}, "dot.0123456789ab.svg as image is 404"),
    "a name without the content": (
        {"/static/page.css": Given("", STYLE)} | changed("page.0123456789ab.css", "page.css"),
        "page.css is not named by its content",
    ),
    "an import without the content": (
        {
            "/static/page.0123456789ab.js": Given("import './near.js';", SCRIPT),
            "/static/near.js": Given("", SCRIPT),
        },
        "near.js is not named by its content",
    ),
}
"""What is broken, and what is to be said of it."""


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
            """Say nothing."""

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


async def test_nothing_is_found_where_everything_leads_where_it_says(chromium):
    assert await faults_of(chromium, SITE) == ([], {"/", "/register"})


@pytest.mark.parametrize("fault", BROKEN)
async def test_what_is_broken_is_found(chromium, fault):
    changes, said = BROKEN[fault]
    # A page that is another one is so from the beginning: there is nothing to wait for.
    faults, _ = await faults_of(chromium, SITE | changes, 1 if said == ANOTHER else WAIT)
    assert [one for one in faults if said in one], faults
