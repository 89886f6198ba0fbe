"""Pages of another site, with another origin, whose owner pastes code from the documents into them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Pages:
    """`show` sets the content of the page at `url`."""

    url: str
    body: str = ""

    def show(self, body: str) -> None:
        self.body = body


@contextmanager
def another_origin() -> Iterator[Pages]:
    """Run a web server with one page, at `http://localhost:…`."""
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
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        pages.url = f"http://localhost:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield pages
        finally:
            server.shutdown()
            thread.join()
