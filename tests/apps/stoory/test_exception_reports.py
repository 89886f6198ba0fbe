"""Django's technical pages show settings and local variables, but no secrets."""

import pytest

from stoory.configuration import Configuration
from stoory.env import kind
from tests.apps.stoory.test_production import run

HIDDEN = "Hidden-0123456789-of-"
SECRETS = {name: f"{HIDDEN}{name}" for name, field in Configuration.model_fields.items() if kind(field).secret}
URLS = {
    "DATABASE_URL": f"postgres://stoory:{HIDDEN}DATABASE_URL@127.0.0.1:5432/stoory",
    "REDIS_URL": f"redis://:{HIDDEN}REDIS_URL@127.0.0.1:6379/0",
}
REPORT = """
import os, sys
from django.conf import settings
from django.db import connection
from django.http import Http404
from django.test import RequestFactory
from django.views import debug
from django.views.decorators.debug import sensitive_variables

# A WSGI server can put environment variables into the data of a request.
request = RequestFactory(**os.environ).get(
    "/broken", headers={"Accept": %r, "Authorization": "Bearer Hidden-token", "Cookie": "sessionid=Hidden-session"}
)
class Unprintable:
    @property
    def __class__(self):
        raise ValueError("This cannot be examined.")


def divide():
    # When the database is unavailable, the last frame has these parameters.
    parameters = connection.get_connection_params()
    hosts = [{"redis": settings.CHANNEL_LAYERS}]
    headers = request.META
    itself = {"number": 12}
    itself["itself"] = itself
    unprintable = Unprintable()
    return 1 / 0


@sensitive_variables()
def log_in(credentials):
    return divide()


try:
    log_in("Hidden-credentials")
except ZeroDivisionError:
    print(debug.technical_500_response(request, *sys.exc_info()).content.decode())
print(debug.technical_404_response(request, Http404()).content.decode())
"""
DJANGOS_OWN = """
from django.conf import settings

settings.DEFAULT_EXCEPTION_REPORTER_FILTER = "django.views.debug.SafeExceptionReporterFilter"
"""


def report(code: str) -> str:
    done = run("manage.py", "shell", "--no-imports", "--command", code, **SECRETS | URLS)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_no_secret_is_shown(accept):
    shown = report(REPORT % accept)
    assert "ZeroDivisionError" in shown
    assert [line for line in shown.splitlines() if "Hidden-" in line] == []
    assert all(name in shown for name in ("REDIS_URL", "DATABASE_URL", "CHANNEL_LAYERS", "STRIPE_SECRET_KEY"))
    assert "realtime.channel_layer.PubSubChannelLayer" in shown


def test_local_variables_are_shown():
    shown = report(REPORT % "text/html")
    assert all(f"<td>{name}</td>" in shown for name in ("parameters", "hosts", "headers", "itself", "unprintable"))
    assert "plan_cache_mode=force_generic_plan" in shown


def test_djangos_filter_would_show_some_secrets():
    shown = report(DJANGOS_OWN + REPORT % "application/json")
    assert {name for name in SECRETS if HIDDEN + name in shown} == {"REDIS_URL", "DATABASE_URL"}
