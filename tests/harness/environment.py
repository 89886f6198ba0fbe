"""Finds programs and servers of this machine other than Python: PostgreSQL, Redis, Node, Chromium, nginx.

A test whose requirements are missing is skipped, and the summary of the run says so; with `CI` set, it fails.
"""

import os
import shutil
from functools import cache
from pathlib import Path

import psycopg
import pytest
import redis

from tests.harness.databases import maintenance_url

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = "LEFT OUT: "
ANSWER_SECONDS = 3

DEFAULT_DATABASES = ("postgres://root@127.0.0.1:5432/postgres", "postgres://postgres@127.0.0.1:5432/postgres")
DEFAULT_REDIS = "redis://127.0.0.1:6379/0"
DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql")
"""The folder in which Debian installs the programs of each PostgreSQL version, outside the PATH."""


@cache
def postgresql() -> str | None:
    """Return the URL of a server for new databases: `DATABASE_URL`, or a server on this machine. Return None if no
    server responds."""
    given = os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    candidates = (given,) if given.startswith("postgres") else DEFAULT_DATABASES
    return next((url for url in candidates if _database_answers(url)), None)


def _database_answers(url: str) -> bool:
    try:
        psycopg.connect(maintenance_url(url), connect_timeout=ANSWER_SECONDS).close()
    except psycopg.OperationalError:
        return False
    return True


@cache
def redis_url() -> str | None:
    """Return `REDIS_URL`, or the URL of a Redis on this machine; None if it does not respond."""
    url = os.environ.get("TEST_REDIS_URL") or os.environ.get("REDIS_URL") or DEFAULT_REDIS
    client = redis.Redis.from_url(url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS)
    try:
        client.ping()
    except redis.RedisError:
        return None
    finally:
        client.close()
    return url


@cache
def node() -> str | None:
    """Return the Node program if the packages of the JavaScript clients are installed too."""
    return shutil.which("node") if (ROOT / "node_modules" / "socket.io-client").is_dir() else None


@cache
def chromium() -> str | None:
    """Return the browser of the tests."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def postgresql_programs() -> Path | None:
    """Return the folder of `initdb` and `pg_ctl`: `POSTGRES_BIN`, Debian's newest version, or a folder of the PATH."""
    on_path = shutil.which("initdb")
    debian = sorted(DEBIAN_POSTGRESQL.glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True)
    candidates = [os.environ.get("POSTGRES_BIN"), *debian, on_path and Path(on_path).parent]
    return next((Path(one) for one in candidates if one and (Path(one) / "initdb").exists()), None)


def missing_programs() -> list[str]:
    """Return the missing programs of the fault harness."""
    wanted = {
        "PostgreSQL": postgresql_programs(),
        "Redis": shutil.which("redis-server") and shutil.which("redis-cli"),
        "Node": shutil.which("node"),
    }
    return [name for name, found in wanted.items() if not found]


@cache
def nginx() -> str | None:
    """Return the nginx program; on Debian it is in a folder that is only in root's PATH."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def need_nginx() -> str:
    """Return the nginx program, or skip the test. OpenSSL must be installed too, to create a certificate."""
    need(shutil.which("openssl"), "OpenSSL is not installed (on Debian: apt-get install openssl)")
    return need(nginx(), "nginx is not installed (on Debian: apt-get install nginx)")


def need_chromium() -> str:
    """Return the browser, or skip the test."""
    return need(chromium(), "Chromium is not installed (on Debian: apt-get install chromium)")


def need_postgresql_and_redis() -> tuple[str, str]:
    """Return the URLs of both servers, or skip the test."""
    return (
        need(postgresql(), "PostgreSQL does not respond (set DATABASE_URL, or run one on 127.0.0.1:5432)"),
        need(redis_url(), "Redis does not respond (set REDIS_URL, or run one on 127.0.0.1:6379)"),
    )


def need_node() -> str:
    """Return the Node program, or skip the test."""
    return need(node(), "Node and its packages are missing (install Node with npm, then run `make setup`)")


def need_fault_harness() -> None:
    """Skip the test if Node or another program of the fault harness is missing."""
    need_node()
    absent = missing_programs()
    need(None if absent else "", f"{', '.join(absent)}: not installed (on Debian: apt-get install postgresql redis)")


def need(found: str | None, otherwise: str) -> str:
    """Return what was found, or skip the test for this reason; with `CI` set, fail."""
    if found is not None:
        return found
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(f"{LEFT_OUT}{otherwise}", pytrace=False)
    pytest.skip(f"{LEFT_OUT}{otherwise}")


def summarize(reporter: pytest.TerminalReporter) -> None:
    """Print at the end of a run which requirements were missing and how many tests were skipped."""
    reasons = [str(report.longrepr[2]) for report in reporter.stats.get("skipped", [])]
    left_out = [reason.partition(LEFT_OUT)[2] for reason in reasons if LEFT_OUT in reason]
    if left_out:
        reporter.section("LEFT OUT", red=True, bold=True)
    for reason in sorted(set(left_out)):
        reporter.line(f"{LEFT_OUT}{left_out.count(reason)} tests: {reason}", red=True, bold=True)
