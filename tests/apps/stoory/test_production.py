"""The settings of production, read by a separate process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SENSIBLE = {
    "DEBUG": "off",
    "SECRET_KEY": "3vYq8nT1-kZb6WmXo0pR7sLdGfHjC2aUeI9tN4yVxQzKwJrPbM5cDhFgSlE",
    "ALLOWED_HOSTS": "chat.example.com",
    "SOCKET_ORIGINS": "https://chat.example.com",
    "TLS_REDIRECT": "on",
    "TRUSTED_PROXIES": "10.0.0.0/8",
}


def check(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run("manage.py", "check", *options, **environment)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "sqlite://:memory:"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_sensible_settings_cause_no_warnings():
    done = check("--deploy", "--fail-level", "WARNING", **SENSIBLE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"SECRET_KEY": ""}, "stoory.E001"),
        ({"SECRET_KEY": "development-only-secret-that-production-refuses"}, "stoory.E001"),
        ({"SECRET_KEY": "short"}, "stoory.E002"),
        ({"JWT_SIGNING_KEY": "short"}, "stoory.E003"),
        ({"RATE_LIMITS": "off"}, "stoory.E004"),
        ({"TRUSTED_PROXIES": "somewhere"}, "stoory.E005"),
        ({"PAYMENT_PROVIDER": "sandbox"}, "conversations.P001"),
    ],
)
def test_dangerous_settings_prevent_the_start(changed, found):
    for done in (check(**SENSIBLE | changed), run("-c", "import stoory.asgi", **SENSIBLE | changed)):
        assert done.returncode != 0
        assert found in done.stderr


@pytest.mark.parametrize("currency", ["XXX", "eur", "rupees", "XAU"])
def test_an_unknown_currency(currency):
    done = check(DEFAULT_CURRENCY=currency)
    assert done.returncode != 0
    assert "conversations.P003" in done.stderr


@pytest.mark.parametrize("search", ["on", "Everybody", "other-role"])
def test_an_invalid_people_search_setting(search):
    done = check(PEOPLE_SEARCH=search)
    assert done.returncode != 0
    assert f"PEOPLE_SEARCH must be one of everybody, off, other_role, not '{search}'" in done.stderr


def test_any_asgi_server_can_run_sensible_settings():
    assert run("-c", "import stoory.asgi", **SENSIBLE).returncode == 0


def test_rate_limits_can_be_switched_off_explicitly():
    assert check(**SENSIBLE, RATE_LIMITS="off", RATE_LIMITS_OFF_CONFIRMED="on").returncode == 0


def test_development_needs_no_settings():
    assert check().returncode == 0


@pytest.mark.parametrize(("pool", "threads"), [("2", "1"), ("8", "7"), ("9", "8"), ("30", "8")])
def test_database_threads_leave_connections_for_requests(pool, threads):
    told = "from django.conf import settings; print(settings.WORKER_THREADS)"
    services = {"DATABASE_URL": "postgres://127.0.0.1/stoory", "DATABASE_POOL": pool, "WORKER_THREADS": "8"}
    done = run("manage.py", "shell", "--no-imports", "--command", told, **SENSIBLE | services)
    assert done.stdout.split() == [threads], done.stderr


def test_all_invalid_settings_are_reported_at_once():
    done = check(DEBUG="maybe", WORKER_THREADS="0", DATABASE_URL="nowhere://stoory:password@localhost/stoory")
    assert done.returncode != 0
    assert "DEBUG must be on or off, not 'maybe'; for example DEBUG=on\n" in done.stderr
    assert "WORKER_THREADS must be a whole number of at least 1, not '0'; for example WORKER_THREADS=8\n" in done.stderr
    assert "DATABASE_URL must be the URL of a database" in done.stderr
    assert "stoory:password@localhost/stoory" not in done.stderr


def test_static_files_keep_the_published_bundle_and_its_source_map(tmp_path):
    """The file with a hash in its name differs in one line only: that line names the source map with its hash."""
    done = run("manage.py", "collectstatic", "--noinput", STATIC_ROOT=str(tmp_path), **SENSIBLE)
    assert done.returncode == 0, done.stderr
    source, collected = (root / "vendor" / "socket.io-client" for root in (ROOT / "static", tmp_path))
    published = (source / "socket.io.min.js").read_bytes()
    assert (collected / "socket.io.min.js").read_bytes() == published
    (hashed,) = collected.glob("socket.io.min.????????????.js")
    (source_map,) = collected.glob("socket.io.min.js.????????????.map")
    named = b"sourceMappingURL=" + source_map.name.encode()
    assert hashed.read_bytes() == published.replace(b"sourceMappingURL=socket.io.min.js.map", named)
    assert source_map.read_bytes() == (source / "socket.io.min.js.map").read_bytes()
