"""Tests whose requirements are missing are skipped, and the run always reports it."""

import pytest

from tests.harness import environment

pytest_plugins = ["pytester"]

SUITE = """
import pytest
from tests.harness import environment

@pytest.fixture(scope="session")
def missing():
    return environment.need(None, "Redis does not respond")

def test_one(missing): ...
def test_two(missing): ...
def test_three(): ...
"""
HOOK = """
from tests.harness import environment

def pytest_terminal_summary(terminalreporter):
    environment.summarize(terminalreporter)
"""
ALONE = ["-p", "no:django", "-p", "no:asyncio", "-p", "no:schemathesis", "-p", "no:anyio"]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.syspath_prepend(environment.ROOT)
    monkeypatch.delenv("CI", raising=False)
    pytester.makeconftest(HOOK)
    pytester.makepyfile(SUITE)
    return pytester


def test_skipped_tests_are_reported_at_the_end(run: pytest.Pytester) -> None:
    result = run.runpytest_inprocess(*ALONE)
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["LEFT OUT: 2 tests: Redis does not respond"])


def test_without_skipped_tests_nothing_is_reported(run: pytest.Pytester) -> None:
    result = run.runpytest_inprocess(*ALONE, "-k", "three")
    assert "LEFT OUT" not in result.stdout.str()


def test_on_ci_a_missing_requirement_is_a_failure(run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    run.runpytest_inprocess(*ALONE).assert_outcomes(passed=1, errors=2)


def test_unresponsive_services_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
    assert environment.redis_url.__wrapped__() is None
    assert environment.postgresql.__wrapped__() is None


def test_missing_programs_of_the_fault_harness_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(environment, "node", lambda: "/usr/bin/node")
    monkeypatch.setattr(environment, "missing_programs", lambda: ["PostgreSQL", "Redis"])
    with pytest.raises(pytest.skip.Exception, match=r"PostgreSQL, Redis: not installed"):
        environment.need_fault_harness()
    monkeypatch.setattr(environment, "missing_programs", list)
    environment.need_fault_harness()


@pytest.mark.parametrize("missing", ["nginx", "openssl"])
def test_a_missing_nginx_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(environment, "nginx", lambda: None if missing == "nginx" else "/usr/sbin/nginx")
    monkeypatch.setattr(environment.shutil, "which", lambda name: None if name == missing else f"/usr/bin/{name}")
    with pytest.raises(pytest.skip.Exception, match=f"apt-get install {missing}"):
        environment.need_nginx()
