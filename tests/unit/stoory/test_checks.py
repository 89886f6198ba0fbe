"""Dangerous settings prevent the start of a production server."""

import pytest
from django.core.checks import run_checks

from stoory import checks

SECRET = "3vYq8nT1-kZb6WmXo0pR7sLdGfHjC2aUeI9tN4yVxQzKwJrPbM5cDhFgSlE"


@pytest.fixture(autouse=True)
def production(settings):
    settings.DEBUG = False
    settings.SECRET_KEY = SECRET
    settings.SIMPLE_JWT = settings.SIMPLE_JWT | {"SIGNING_KEY": SECRET}
    settings.RATE_LIMITS = True
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "unix"]
    settings.ALLOWED_HOSTS = ["chat.example.com"]
    settings.SOCKET_ORIGINS = settings.CORS_ORIGINS = ["https://chat.example.com"]


def found(*, deploy: bool = False) -> list[str]:
    messages = run_checks(tags=["security"], include_deployment_checks=deploy)
    return [message.id for message in messages if message.id.startswith("stoory.")]


def test_good_settings_pass():
    assert found(deploy=True) == []


def test_the_development_secret_is_refused(settings):
    settings.SECRET_KEY = settings.DEVELOPMENT_SECRET
    assert found() == ["stoory.E001"]


def test_a_signing_key_equal_to_the_development_secret_is_refused(settings):
    settings.SIMPLE_JWT = settings.SIMPLE_JWT | {"SIGNING_KEY": settings.DEVELOPMENT_SECRET}
    assert found() == ["stoory.E001"]


def test_a_short_secret(settings):
    settings.SECRET_KEY = SECRET[: checks.MIN_SECRET_LENGTH - 1]
    assert found() == ["stoory.E002"]


def test_a_short_signing_key(settings):
    settings.SIMPLE_JWT = settings.SIMPLE_JWT | {"SIGNING_KEY": "k" * 31}
    assert found() == ["stoory.E003"]


def test_no_rate_limits(settings):
    settings.RATE_LIMITS = False
    assert found() == ["stoory.E004"]
    settings.RATE_LIMITS_OFF_CONFIRMED = True
    assert found() == []


def test_invalid_networks_of_proxies(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.1/8"]
    assert found() == ["stoory.E005"]


def test_no_hosts(settings):
    settings.ALLOWED_HOSTS = []
    assert found() == ["stoory.E006"]


@pytest.mark.parametrize(
    ("sockets", "rest", "expected"),
    [
        ([], [], "stoory.W001"),
        (["*"], ["https://chat.example.com"], "stoory.W002"),
        (["https://chat.example.com"], ["*"], "stoory.W002"),
    ],
)
def test_origins_are_checked_before_a_deployment(settings, sockets, rest, expected):
    settings.SOCKET_ORIGINS, settings.CORS_ORIGINS = sockets, rest
    assert found() == []
    assert found(deploy=True) == [expected]


def test_development_is_not_checked(settings):
    settings.DEBUG = True
    settings.SECRET_KEY = settings.DEVELOPMENT_SECRET
    settings.RATE_LIMITS = False
    settings.ALLOWED_HOSTS = settings.SOCKET_ORIGINS = []
    assert found(deploy=True) == []
