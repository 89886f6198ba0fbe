"""Pages of somebody else's site: what a reader pastes into one, served from an origin of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Pages:
    """`show` puts something into the page that is at `url`."""

    url: str
    body: str = ""

    def show(self, body: str) -> None:
        self.body = body


@contextmanager
def another_origin() -> Iterator[Pages]:
    """A web server with one page, at `http://localhost:…`."""
    pages = Pages("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">\n{pages.body}'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing has to be told."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        pages.url = f"http://localhost:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield pages
        finally:
            server.shutdown()
            thread.join()
