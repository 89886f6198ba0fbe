"""Fixtures and options of all tests."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.db import connections
from pytest_django.fixtures import Settings

from foundation import rate_limits as buckets
from realtime.pubsub import Hint, bus
from tests.contract.conformity import emitted_events
from tests.harness import environment

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "django_db_serialized_rollback"}

# No test fails because it is slow: the machine can be slow or busy.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--with-database-only",
        action="store_true",
        help="leave out tests without a database fixture, because the database makes no difference to them",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--with-database-only"):
        return
    config.hook.pytest_deselected(items=[item for item in items if not _has_database(item)])
    items[:] = [item for item in items if _has_database(item)]


def _has_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not DATABASE_FIXTURES.isdisjoint(fixtures)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """Use a separate database for each worker. Nothing waits for the disk, because no data must survive a crash.

    SQLite uses a file, as in production: in memory, threads would share the locks of one connection.
    """
    for connection in connections.all():
        options, test = connection.settings_dict["OPTIONS"], connection.settings_dict["TEST"]
        if connection.vendor == "sqlite":
            directory: Path = tmp_path_factory.mktemp("database")
            test["NAME"] = str(directory / "test.sqlite3")
            options["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
        else:
            test["NAME"] = f"test_{connection.settings_dict['NAME']}_{worker_id}"
            options["options"] += " -c synchronous_commit=off"


@pytest.fixture(scope="session")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("static")


@pytest.fixture(autouse=True)
def _quick(settings: Settings, static_root: Path) -> None:
    settings.STATIC_ROOT = static_root
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.RATE_LIMITS = False


@pytest.fixture(autouse=True)
def _events_as_declared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Validate every event sent in any test against its declaration."""
    with emitted_events(monkeypatch):
        yield


@pytest.fixture
def rate_limits(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rate limits as in production, in memory, with full buckets and a stopped clock."""
    settings.RATE_LIMITS = True
    settings.REDIS_URL = ""
    settings.REDIS_PREFIX = f"test-{uuid.uuid4()}"
    monkeypatch.setattr(buckets, "monotonic", lambda: 0.0)
    monkeypatch.setattr(buckets, "_local", buckets._LocalBuckets())


@pytest.fixture
def sent_hints(monkeypatch: pytest.MonkeyPatch) -> list[Hint]:
    """Record what is passed to the bus; nothing is sent."""
    hints: list[Hint] = []
    monkeypatch.setattr(bus, "send", hints.extend)
    return hints


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    environment.summarize(terminalreporter)
