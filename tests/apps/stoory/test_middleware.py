"""Static files, optional trailing slashes, and probes."""

import pytest
from django.db import DatabaseError
from django.test import AsyncClient, Client

from stoory import health

PATH = "/static/transcript.css"


def test_a_static_file_is_sent_completely():
    answer = Client().get(PATH)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/css")
    assert b".bubble" in answer.content
    assert not answer.streaming


async def test_a_static_file_is_sent_completely_over_asgi():
    answer = await AsyncClient().get(PATH)
    assert b".bubble" in answer.content


def test_a_cached_file_is_not_sent_again():
    first = Client().get(PATH)
    again = Client().get(PATH, headers={"If-Modified-Since": first["Last-Modified"]})
    assert (again.status_code, again.content) == (304, b"")


def test_head_requests_have_no_body():
    answer = Client().head(PATH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer["Content-Length"]) > 100


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/auth/token", "/api/auth/token/"])
def test_a_trailing_slash_is_optional_for_posts_too(path):
    answer = Client().post(path, {"email": "nobody@example.com", "password": "x"}, content_type="application/json")
    assert answer.status_code == 401


def test_the_admin_is_found_without_its_slash():
    assert Client().get("/admin")["Location"] == "/admin/"


@pytest.mark.parametrize("address", ["/chat", "/chat/01980000-0000-7000-8000-00000000000c", "/demo"])
def test_a_page_is_found_with_a_slash(address):
    answer = Client().get(f"{address}/")
    assert (answer.status_code, answer["Location"]) == (302, address)


# --- Probes ---


@pytest.fixture
def hearing(monkeypatch) -> None:
    """The process receives its own hints over the bus, like a server."""
    monkeypatch.setattr(type(health.gateway), "bus_is_alive", True)


@pytest.mark.django_db
@pytest.mark.usefixtures("hearing")
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_use_plain_http_by_address(path, settings):
    settings.ALLOWED_HOSTS = ["chat.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get(path, headers={"Host": "10.0.0.7:3000"})
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert Client().get("/", headers={"Host": "10.0.0.7:3000"}).status_code == 400


@pytest.mark.usefixtures("hearing")
async def test_probes_under_asgi(monkeypatch):
    monkeypatch.setattr(health, "_database_answers", lambda: True)
    assert (await AsyncClient().get("/healthz")).json()["status"] == "ok"
    assert (await AsyncClient().get("/readyz")).json()["checks"] == {"database": True, "bus": True}


@pytest.mark.django_db
def test_the_server_is_not_ready_without_the_bus(monkeypatch):
    monkeypatch.setattr(type(health.gateway), "bus_is_alive", False)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["bus"]) == (503, False)


@pytest.mark.django_db
@pytest.mark.usefixtures("hearing")
def test_the_server_is_not_ready_without_the_database(monkeypatch):
    def fail() -> None:
        raise DatabaseError

    monkeypatch.setattr(health.connection, "cursor", fail)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["checks"]) == (503, {"database": False, "bus": True})


@pytest.mark.django_db
def test_metrics_are_off_by_default(settings):
    settings.METRICS = False
    assert Client().get("/metrics").status_code == 404
    settings.METRICS = True
    assert b"stoory_sockets" in Client().get("/metrics").content
