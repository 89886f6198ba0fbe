"""The production server starts if it has everything it needs, and otherwise says what is missing."""

from os import environ

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from stoory import uvicorn_server
from stoory.management.commands import serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def served(monkeypatch) -> list[tuple]:
    """Record the options with which the server is started, without starting it."""
    calls: list[tuple] = []
    monkeypatch.setattr(serve, "serve", lambda *given: calls.append(given))
    return calls


def test_it_serves_with_the_given_options(served):
    call_command("serve", "--host", "0.0.0.0", "--port", "8080")
    assert served == [("0.0.0.0", 8080, 1)]


def test_several_workers_need_a_bus(served, settings):
    settings.REDIS_URL = ""
    with pytest.raises(CommandError, match="REDIS_URL"):
        call_command("serve", "--workers", "2")
    assert served == []
    settings.REDIS_URL = "redis://localhost"
    call_command("serve", "--workers", "2")
    assert served == [("127.0.0.1", 3000, 2)]


@pytest.mark.parametrize(("workers", "given"), [(1, None), (2, "off")])
def test_workers_that_share_a_port_offer_no_long_polling(monkeypatch, workers, given):
    seen = []
    monkeypatch.setenv("LONG_POLLING", "on")  # restored after the test
    monkeypatch.delenv("LONG_POLLING")
    monkeypatch.setattr(
        "uvicorn.run", lambda *_, **options: seen.append((options["workers"], environ.get("LONG_POLLING")))
    )
    uvicorn_server.serve("127.0.0.1", 3000, workers)
    assert seen == [(workers, given)]


def test_zero_workers_are_refused(served):
    with pytest.raises(CommandError, match="--workers must be at least 1"):
        call_command("serve", "--workers", "0")
    assert served == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "stoory.E001"),
        ({"RATE_LIMITS": False, "RATE_LIMITS_OFF_CONFIRMED": False}, "stoory.E004"),
        ({"ALLOWED_HOSTS": []}, "stoory.E006"),
    ],
)
def test_dangerous_settings_prevent_the_start(served, settings, given, named):
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["chat.example.com"]
    for name, value in given.items():
        setattr(settings, name, value)
    with pytest.raises(SystemCheckError, match=named):
        call_command("serve", skip_checks=False)
    assert served == []


def test_missing_static_files_prevent_the_start(served, monkeypatch, tmp_path):
    storage = ManifestStaticFilesStorage(location=tmp_path)
    monkeypatch.setattr(serve, "staticfiles_storage", storage)
    with pytest.raises(CommandError, match="collectstatic"):
        call_command("serve")
    assert served == []
    (tmp_path / storage.manifest_name).write_text("{}")
    call_command("serve")
    assert len(served) == 1
