"""The sample configuration with a test certificate, in a real nginx, in front of a server that runs as in
production."""

import asyncio
import json
import os
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.acceptance.setup_data import OPERATOR
from tests.harness.environment import ROOT, need_nginx
from tests.harness.people import PASSWORD, newcomer
from tests.harness.ports import free_port
from tests.harness.processes import START_SECONDS, Process, on_free_port, run
from tests.harness.servers import Installation, embedded, responds
from tests.harness.waiting import wait_until

PROXY = "127.0.0.2"
"""The address from which nginx connects. Clients have other addresses, as on a real network."""
FAILURES = 4
WRONG = {"email": "nobody@example.com", "password": "wrong"}
SAMPLE = ROOT / "deploy" / "nginx.conf"
AROUND = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log stderr warn;
{user}
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/stoory.conf;
}}
"""


@dataclass(frozen=True)
class Site:
    """Stoory behind nginx, with and without TLS."""

    installation: Installation
    directory: Path
    port: int
    plain_port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.directory / "certificate.pem"))

    def browser(self, address: str = "127.0.0.3", **options) -> httpx.Client:
        """Return a client that connects from this address of this machine."""
        transport = httpx.HTTPTransport(local_address=address, verify=self.trust)
        return httpx.Client(base_url=self.url, transport=transport, timeout=START_SECONDS, **options)

    def logged(self, address: str) -> list[str]:
        """Return the lines of the access log about this client. nginx writes a line after the response, so wait for
        the first."""

        def lines() -> list[str]:
            log = (self.directory / "access.log").read_text()
            return [line for line in log.splitlines() if line.startswith(f"{address} ")]

        wait_until(lines)
        return lines()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    program = need_nginx()
    directory = tmp_path_factory.mktemp("nginx")
    environment = {
        "TLS": "on",
        "TRUSTED_PROXIES": PROXY,
        "RATE_LIMITS": "on",
        "LOGIN_FAILURES_PER_MINUTE_OF_ADDRESS": str(FAILURES),
    }
    with (
        embedded(directory, **environment) as installation,
        installation.serving() as server,
        running(program, directory, server.port) as (port, plain_port),
    ):
        installation.shell("from tests.acceptance.setup_data import make_operator; make_operator()")
        yield Site(installation, directory, port, plain_port)


@contextmanager
def running(
    program: str,
    directory: Path,
    upstream: int,
    *,
    changes: Mapping[str, str] = MappingProxyType({}),
    ready: tuple[str, int] = ("/healthz", 200),
) -> Iterator[tuple[int, int]]:
    """Run nginx with the sample configuration in front of this port; yield its ports with and without TLS.

    `changes` are texts of the sample that are replaced. nginx is ready when the path `ready[0]` has that status.
    """
    directory.mkdir(exist_ok=True)
    make_certificate(directory)
    user = "user root;" if os.geteuid() == 0 else ""
    (directory / "nginx.conf").write_text(AROUND.format(directory=directory, user=user))
    command = [program, "-p", directory, "-c", directory / "nginx.conf", "-e", "stderr"]
    process = Process(*command, log=directory / "nginx.log")

    def start(port: int) -> tuple[int, int]:
        plain_port = free_port()
        text, (path, status) = adapted(directory, upstream, port, plain_port), ready
        for sample, here in changes.items():
            text = text.replace(sample, here)
        (directory / "stoory.conf").write_text(text)
        process.start().wait_until(lambda: responds(f"http://127.0.0.1:{plain_port}{path}", status))
        return port, plain_port

    with process:
        yield on_free_port(start)


def adapted(directory: Path, upstream: int, port: int, plain_port: int) -> str:
    """Return the sample with the test's ports and paths, and with the TLS settings that docs/operations.md adds."""
    tls = (
        f"listen 127.0.0.1:{plain_port}; listen 127.0.0.1:{port} ssl;"
        f" ssl_certificate {directory}/certificate.pem; ssl_certificate_key {directory}/key.pem;"
    )
    text = SAMPLE.read_text()
    for sample, here in {
        "server app:3000;": f"server 127.0.0.1:{upstream};",
        "listen 80;": tls,
        "access_log /dev/stdout": f"access_log {directory}/access.log",
        "proxy_http_version 1.1;": f"proxy_http_version 1.1; proxy_bind {PROXY};",
    }.items():
        assert text.count(sample) == 1, sample
        text = text.replace(sample, here)
    return text


def make_certificate(directory: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-nodes"]
    files = ["-keyout", str(directory / "key.pem"), "-out", str(directory / "certificate.pem")]
    run(*command, *subject, *files, timeout=START_SECONDS)


class TestTheAdmin:
    @pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http"}])
    def test_lets_its_staff_in_over_tls(self, site, headers):
        with site.browser("127.0.0.10", headers=headers) as browser:
            answer = self.log_in(browser, site.url)
            assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
            page = browser.get("/admin/")
            assert page.status_code == 200
            assert OPERATOR.partition("@")[0] in page.text.lower()

    def test_refuses_forms_of_other_sites(self, site):
        with site.browser("127.0.0.11") as browser:
            assert self.log_in(browser, "https://evil.example").status_code == 403

    @staticmethod
    def log_in(browser: httpx.Client, origin: str) -> httpx.Response:
        """Submit the form like a browser."""
        form = browser.get("/admin/login/?next=/admin/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)[1]
        filled = {"username": OPERATOR, "password": PASSWORD, "csrfmiddlewaretoken": token, "next": "/admin/"}
        headers = {"Origin": origin, "Referer": f"{origin}/admin/login/"}
        return browser.post("/admin/login/?next=/admin/", data=filled, headers=headers)


class TestHsts:
    @pytest.mark.parametrize("path", ["/", "/admin/login/", "/api/auth/me", "/nowhere"])
    @pytest.mark.parametrize("forged", [{}, {"X-Forwarded-Proto": "http"}])
    def test_is_sent_over_tls(self, site, path, forged):
        with site.browser() as browser:
            assert "max-age=31536000" in browser.get(path, headers=forged).headers["Strict-Transport-Security"]

    @pytest.mark.parametrize("forged", [{}, {"X-Forwarded-Proto": "https"}])
    def test_is_not_sent_without(self, site, forged):
        answer = httpx.get(f"http://127.0.0.1:{site.plain_port}/", headers=forged, timeout=START_SECONDS)
        assert answer.status_code == 200
        assert "Strict-Transport-Security" not in answer.headers


class TestAddresses:
    @staticmethod
    def guess(site: Site, address: str, forwarded_for: str = "") -> int:
        """Try a wrong password and return the status."""
        headers = {"X-Forwarded-For": forwarded_for} if forwarded_for else {}
        with site.browser(address, headers=headers) as browser:
            return browser.post("/api/auth/token", json=WRONG).status_code

    def test_clients_have_separate_limits_despite_forged_headers(self, site):
        assert is_limited(lambda number: self.guess(site, "127.0.0.20", f"198.51.100.{number}"))
        assert self.guess(site, "127.0.0.21") == 401
        assert self.guess(site, "127.0.0.22", "127.0.0.20") == 401

    def test_headers_of_direct_clients_are_ignored(self, site):
        url = f"http://127.0.0.1:{upstream_of(site)}/api/auth/token"

        def guess(number: int) -> int:
            headers = {"X-Forwarded-For": f"198.51.100.{number}"}
            return httpx.post(url, json=WRONG, headers=headers, timeout=START_SECONDS).status_code

        assert is_limited(guess)

    def test_the_log_contains_the_client_and_no_session_id(self, site):
        with site.browser("127.0.0.30") as browser:
            browser.get("/socket.io/?EIO=4&transport=polling")
        (line,) = site.logged("127.0.0.30")
        assert re.fullmatch(r"127\.0\.0\.30 \[\S+\] GET /socket\.io/ 200 \d+ [\d.]+", line)


def is_limited(guess: Callable[[int], int]) -> bool:
    """Return whether the server refuses further guesses at some point. While guesses are slow, the bucket refills, so
    more guesses than the limit can pass."""
    return any(guess(number) == 429 for number in range(10 * FAILURES))


def upstream_of(site: Site) -> str:
    return re.search(r"server 127\.0\.0\.1:(\d+);", (site.directory / "stoory.conf").read_text())[1]


def dial(site: Site, target: str) -> connect:
    """Open a WebSocket. At its end it waits until the TLS connection is closed, which aiohttp does not do."""
    return connect(site.url.replace("https", "wss", 1) + target, ssl=site.trust, origin=Origin(site.url))


async def received(websocket: ClientConnection) -> str:
    async with asyncio.timeout(START_SECONDS):
        return await websocket.recv(decode=True)


class TestFiles:
    MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"

    def uploaded(self, browser: httpx.Client, size: int) -> httpx.Response:
        """Register and upload a video of this size."""
        made = browser.post("/api/auth/register", json=newcomer("influencer"))
        browser.headers["Authorization"] = f"Bearer {made.json()['access']}"
        film = self.MP4 + b"\0" * (size - len(self.MP4))
        return browser.post("/api/uploads", files={"file": ("film.mp4", film)})

    def test_larger_than_other_bodies(self, site):
        with site.browser("127.0.0.40") as browser:
            answer = self.uploaded(browser, 9_000_000)
            assert answer.status_code == 201
            link = browser.get(f"/api/uploads/{answer.json()['upload']['id']}/link").json()["url"]
            with site.browser("127.0.0.41") as player:
                part = player.get(link, headers={"Range": "bytes=8999990-"})
            assert (part.status_code, part.content) == (206, b"\0" * 10)
            too_large = browser.post("/api/messages", content=b" " * 2_000_000)
            assert (too_large.status_code, too_large.json()["code"]) == (413, "payload_too_large")
        assert all("signature" not in line for line in site.logged("127.0.0.41"))

    def test_an_error_of_the_proxy_is_logged_without_the_query(self, site):
        """While no server runs, nginx would log the whole request with its error."""
        alone = site.directory.with_name("nginx-alone")
        with running(need_nginx(), alone, free_port(), ready=("/metrics", 403)) as (_, plain_port):
            url = f"http://127.0.0.1:{plain_port}/api/uploads/1?signature=secret"
            assert httpx.get(url, timeout=START_SECONDS).status_code == 503
            log = (alone / "nginx.log").read_text()
        assert "secret" not in log


class TestSockets:
    async def test_a_websocket_is_upgraded_and_accepted(self, site):
        made = site.installation.shell(
            "import json; from tests.harness.shell import create_users;"
            "print(json.dumps(create_users([('influencer', 'Iris')])))"
        )
        token = json.loads(made)[0]["access"]
        async with dial(site, "/socket.io/?EIO=4&transport=websocket") as websocket:
            assert (await received(websocket)).startswith('0{"sid"')
            await websocket.send("40" + json.dumps({"token": token}))
            answer = await received(websocket)
            assert answer.startswith("40{"), answer

    async def test_other_addresses_accept_no_websocket(self, site):
        with pytest.raises(InvalidStatus) as refused:
            async with dial(site, "/admin/"):
                pass
        assert refused.value.response.status_code == 404


def test_no_request_left_a_traceback(site):
    with site.browser() as browser:
        assert browser.get("/healthz").status_code == 200
    (log,) = site.directory.glob("server-*.log")
    assert "Traceback" not in log.read_text()
