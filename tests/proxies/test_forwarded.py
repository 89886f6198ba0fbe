"""Headers of trusted proxies take effect in all applications inside `SocketApp`. Headers of other peers are ignored."""

from typing import Any

import httpx
import pytest
from django.conf import settings as given
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import path

from foundation.addresses import client_address
from socketio_server import SocketApp, SocketServer
from stoory.asgi_handler import Handler
from stoory.urls import urlpatterns as own
from tests.factories import PASSWORD, make_staff, make_user

HOST = "chat.example.com"
CLIENT, PROXY, FAR, STRANGER = "198.51.100.1", "10.0.0.1", "10.9.9.9", "203.0.113.7"
TRUSTED = ["10.0.0.0/8", "fd00::/8", "unix"]


def whoami(request: HttpRequest) -> JsonResponse:
    """Return the request as a view sees it."""
    names = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO")
    return JsonResponse(
        {
            "address": client_address(request),
            "peer": request.META["REMOTE_ADDR"],
            "secure": request.is_secure(),
            "origin": request.build_absolute_uri("/"),
            "forwarded": [request.META[name] for name in names if name in request.META],
        }
    )


urlpatterns = [path("whoami", whoami), *own]


@pytest.fixture(autouse=True)
def _behind_tls(settings):
    settings.ALLOWED_HOSTS = [HOST]
    settings.SECURE_HSTS_SECONDS = 3_600
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.ROOT_URLCONF = __name__


def browser(peer: str, headers: dict[str, str] | list[tuple[str, str]], *, scheme: str = "http") -> httpx.AsyncClient:
    """Return a client whose requests reach the server from this peer, with these headers."""
    app = SocketApp(SocketServer(), Handler(), trusted_proxies=TRUSTED)
    transport = httpx.ASGITransport(app, client=(peer, 4_711))
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://{HOST}", headers=headers)


async def seen(peer: str, headers: Any, **options: Any) -> dict[str, Any]:
    async with browser(peer, headers, **options) as client:
        return (await client.get("/whoami")).json()


class TestHttp:
    @pytest.mark.parametrize(
        ("peer", "headers", "address", "secure"),
        [
            (PROXY, {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}, CLIENT, True),
            (PROXY, {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "http"}, CLIENT, False),
            (PROXY, {"X-Forwarded-For": CLIENT}, CLIENT, False),
            (PROXY, {"X-Forwarded-Proto": "https"}, PROXY, True),
            (PROXY, {"X-Forwarded-For": f"6.6.6.6, {CLIENT}", "X-Forwarded-Proto": "https"}, CLIENT, True),
            (PROXY, {"X-Forwarded-For": f"{CLIENT}, {FAR}", "X-Forwarded-Proto": "https"}, CLIENT, True),
            (PROXY, {"X-Forwarded-For": f"{CLIENT}, {FAR}", "X-Forwarded-Proto": "https, http"}, CLIENT, True),
            (PROXY, {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https, http"}, CLIENT, False),
            (PROXY, {"X-Forwarded-For": f"{CLIENT}:55555", "X-Forwarded-Proto": "https"}, CLIENT, True),
            (PROXY, {"X-Forwarded-For": "[2001:db8::1]:443", "X-Forwarded-Proto": "https"}, "2001:db8::1", True),
            (PROXY, {"X-Forwarded-For": "nonsense", "X-Forwarded-Proto": "https"}, PROXY, True),
            (PROXY, {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "nonsense"}, CLIENT, False),
            (PROXY, {"X-Forwarded-For": ",,", "X-Forwarded-Proto": ",,"}, PROXY, False),
            (
                PROXY,
                [("X-Forwarded-For", CLIENT), ("X-Forwarded-For", FAR), ("X-Forwarded-Proto", "https")],
                CLIENT,
                True,
            ),
            ("fd00::1", {"X-Forwarded-For": "2001:db8::1", "X-Forwarded-Proto": "https"}, "2001:db8::1", True),
            ("::ffff:10.0.0.1", {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}, CLIENT, True),
            ("", {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}, CLIENT, True),
            (STRANGER, {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}, STRANGER, False),
            (STRANGER, {"X-Forwarded-For": f"{CLIENT}, {PROXY}", "X-Forwarded-Proto": "https"}, STRANGER, False),
            (STRANGER, {}, STRANGER, False),
        ],
    )
    async def test_views_see_the_client(self, peer, headers, address, secure):
        said = await seen(peer, headers)
        assert said == {
            "address": address,
            "peer": address,
            "secure": secure,
            "origin": f"{'https' if secure else 'http'}://{HOST}/",
            "forwarded": [],
        }

    @pytest.mark.parametrize(("told", "secure"), [(None, True), ("https", True), ("http", False), ("nonsense", True)])
    async def test_a_proxy_that_connects_over_tls(self, told, secure):
        headers = {"X-Forwarded-For": CLIENT} | ({"X-Forwarded-Proto": told} if told else {})
        assert (await seen(PROXY, headers, scheme="https"))["secure"] is secure

    @pytest.mark.parametrize("name", ["X_Forwarded_Proto", "Forwarded", "X-Forwarded-Ssl", "X-Forwarded-Scheme"])
    async def test_no_other_header_counts(self, name):
        value = "proto=https" if name == "Forwarded" else "https"
        assert (await seen(PROXY, {"X-Forwarded-For": CLIENT, name: value}))["secure"] is False


class TestTheTestClientOfDjango:
    def test_without_socket_app_no_proxy_is_trusted(self):
        client = Client(
            REMOTE_ADDR=PROXY, headers={"Host": HOST, "X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}
        )
        said = client.get("/whoami").json()
        assert (said["address"], said["secure"]) == (PROXY, False)
        assert client.get("/whoami", secure=True).json()["secure"] is True


BEHIND_TLS = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}


class TestHsts:
    @pytest.mark.parametrize(
        ("peer", "headers", "sent"),
        [
            (PROXY, BEHIND_TLS, True),
            (PROXY, {"X-Forwarded-Proto": "https"}, True),
            (PROXY, BEHIND_TLS | {"X-Forwarded-Proto": "http"}, False),
            (STRANGER, BEHIND_TLS, False),
        ],
    )
    async def test_is_sent_over_tls_alone(self, peer, headers, sent):
        async with browser(peer, headers) as client:
            answer = await client.get("/whoami")
        assert ("Strict-Transport-Security" in answer.headers) is sent

    async def test_no_redirect_for_clients_that_use_tls(self, settings):
        settings.SECURE_SSL_REDIRECT = True
        for peer, status in ((PROXY, 200), (STRANGER, 301)):
            async with browser(peer, BEHIND_TLS) as client:
                assert (await client.get("/whoami")).status_code == status


async def log_in(staff, peer: str, headers: dict[str, str], origin: str) -> httpx.Response:
    """Submit the admin's login form like a browser."""
    async with browser(peer, headers) as client:
        form = await client.get("/admin/login/")
        token = form.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        # The client uses plain HTTP itself, so it would not send secure cookies.
        cookies = {"Cookie": f"csrftoken={form.cookies['csrftoken']}"}
        filled = {"username": staff.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
        headers = {"Origin": origin, "Referer": f"{origin}/admin/login/"} | cookies
        return await client.post("/admin/login/?next=/admin/", data=filled, headers=headers)


@pytest.mark.django_db(transaction=True)
class TestTheAdmin:
    @pytest.mark.parametrize(
        "more", [{}, {"X-Forwarded-For": CLIENT}, {"X-Forwarded-For": f"6.6.6.6, {CLIENT}, {FAR}"}]
    )
    async def test_lets_its_staff_in_behind_tls(self, staff, more):
        answer = await log_in(staff, PROXY, {"X-Forwarded-Proto": "https"} | more, f"https://{HOST}")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")

    @pytest.mark.parametrize(
        ("peer", "origin"), [(STRANGER, f"https://{HOST}"), (PROXY, f"http://{HOST}"), (PROXY, "https://evil.example")]
    )
    async def test_refuses_other_origins(self, staff, peer, origin):
        assert (await log_in(staff, peer, BEHIND_TLS, origin)).status_code == 403

    @pytest.fixture
    def staff(self):
        return make_staff()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("rate_limits")
class TestLimits:
    async def attempts(self, peer: str, addresses: list[str], email: str) -> list[int]:
        body, statuses = {"email": email, "password": "wrong"}, []
        for address in addresses:
            async with browser(peer, {"X-Forwarded-For": address}) as client:
                statuses.append((await client.post("/api/auth/token", json=body)).status_code)
        return statuses

    @pytest.fixture
    def email(self):
        return make_user().email

    async def test_clients_of_a_proxy_have_separate_limits(self, email):
        number = given.LOGIN_FAILURES_PER_MINUTE + 2
        assert set(await self.attempts(PROXY, [f"198.51.100.{n}" for n in range(number)], email)) == {401}

    async def test_forged_entries_do_not_change_the_limit(self, email):
        number = given.LOGIN_FAILURES_PER_MINUTE + 1
        inventions = [f"198.51.100.{n}, {CLIENT}" for n in range(number)]
        assert await self.attempts(PROXY, inventions, email) == [401] * (number - 1) + [429]

    async def test_forged_headers_of_other_peers_do_not_change_the_limit(self, email):
        number = given.LOGIN_FAILURES_PER_MINUTE + 1
        inventions = [f"198.51.100.{n}" for n in range(number)]
        assert await self.attempts(STRANGER, inventions, email) == [401] * (number - 1) + [429]


class TestWebSockets:
    @pytest.mark.parametrize(
        ("peer", "headers", "address", "scheme"),
        [
            (PROXY, BEHIND_TLS, CLIENT, "wss"),
            (PROXY, BEHIND_TLS | {"X-Forwarded-Proto": "wss"}, CLIENT, "wss"),
            (PROXY, BEHIND_TLS | {"X-Forwarded-Proto": "http"}, CLIENT, "ws"),
            (PROXY, {"X-Forwarded-For": "[2001:db8::1]:443"}, "2001:db8::1", "ws"),
            (PROXY, {"X-Forwarded-Proto": "https"}, PROXY, "wss"),
            (STRANGER, BEHIND_TLS, STRANGER, "ws"),
        ],
    )
    async def test_websockets_resolve_the_client_like_requests(self, peer, headers, address, scheme):
        shown: list[dict[str, Any]] = []

        async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
            shown.append(scope)

        scope = {
            "type": "websocket",
            "path": "/elsewhere",
            "scheme": "ws",
            "client": (peer, 4_711),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        before = dict(scope)
        await SocketApp(SocketServer(), application, trusted_proxies=TRUSTED)(scope, None, None)
        assert shown == [before | {"client": (address, 4_711), "scheme": scheme, "headers": []}]
        assert scope == before, "the scope of the server must not change"
