"""What this machine has besides Python: PostgreSQL, Redis, Node, Chromium, nginx. Whatever needs one of them asks here.

A test whose needs are not met is left out, and the summary at the end of the run says so; with `CI` set, it fails.
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
"""Where Debian keeps the programs of each version of PostgreSQL, outside of the PATH."""


@cache
def postgresql() -> str | None:
    """Where databases can be created: the server of `DATABASE_URL`, or one on this machine; None if none answers."""
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
    """`REDIS_URL`, or a Redis on this machine; None if it does not answer."""
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
    """The Node program, where the packages of the JavaScript clients are installed too."""
    return shutil.which("node") if (ROOT / "node_modules" / "socket.io-client").is_dir() else None


@cache
def chromium() -> str | None:
    """The browser of the tests."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def postgresql_programs() -> Path | None:
    """Where `initdb` and `pg_ctl` are: `POSTGRES_BIN`, Debian's newest version, or somewhere on the PATH."""
    on_path = shutil.which("initdb")
    debian = sorted(DEBIAN_POSTGRESQL.glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True)
    candidates = [os.environ.get("POSTGRES_BIN"), *debian, on_path and Path(on_path).parent]
    return next((Path(one) for one in candidates if one and (Path(one) / "initdb").exists()), None)


def missing_programs() -> list[str]:
    """What has to be installed before the fault harness can run."""
    wanted = {
        "PostgreSQL": postgresql_programs(),
        "Redis": shutil.which("redis-server") and shutil.which("redis-cli"),
        "Node": shutil.which("node"),
    }
    return [name for name, found in wanted.items() if not found]


@cache
def nginx() -> str | None:
    """The proxy of the sample configuration; on Debian it is where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def need_nginx() -> str:
    """The nginx program, and one to make a certificate with, or the test is left out."""
    need(shutil.which("openssl"), "no OpenSSL is installed (on Debian: apt-get install openssl)")
    return need(nginx(), "no nginx is installed (on Debian: apt-get install nginx)")


def need_chromium() -> str:
    """The browser, or the test is left out."""
    return need(chromium(), "no Chromium is installed (on Debian: apt-get install chromium)")


def need_postgresql_and_redis() -> tuple[str, str]:
    """The addresses of both, or the test is left out."""
    return (
        need(postgresql(), "no PostgreSQL answers (set DATABASE_URL, or run one on 127.0.0.1:5432)"),
        need(redis_url(), "no Redis answers (set REDIS_URL, or run one on 127.0.0.1:6379)"),
    )


def need_node() -> str:
    """The Node program, or the test is left out."""
    return need(node(), "Node and its packages are missing (install Node with npm, then run `make setup`)")


def need_fault_harness() -> None:
    """What the fault harness starts by itself, or the test is left out."""
    need_node()
    absent = missing_programs()
    need(None if absent else "", f"{', '.join(absent)}: not installed (on Debian: apt-get install postgresql redis)")


def need(found: str | None, otherwise: str) -> str:
    """What was found, or the test is left out for the reason given; with `CI` set, it fails."""
    if found is not None:
        return found
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(f"{LEFT_OUT}{otherwise}", pytrace=False)
    pytest.skip(f"{LEFT_OUT}{otherwise}")


def summarize(reporter: pytest.TerminalReporter) -> None:
    """Say at the end of a run what was left out, and how many tests that concerns."""
    reasons = [str(report.longrepr[2]) for report in reporter.stats.get("skipped", [])]
    left_out = [reason.partition(LEFT_OUT)[2] for reason in reasons if LEFT_OUT in reason]
    if left_out:
        reporter.section("LEFT OUT", red=True, bold=True)
    for reason in sorted(set(left_out)):
        reporter.line(f"{LEFT_OUT}{left_out.count(reason)} tests: {reason}", red=True, bold=True)
