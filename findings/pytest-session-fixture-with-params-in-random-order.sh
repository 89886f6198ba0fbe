#!/usr/bin/env bash
# Believed: a fixture with `scope="session"` and two params is set up twice in a session, once for each param.
# Is so: pytest keeps one instance of it at a time. It sorts the tests so that two set-ups suffice; where a plugin orders
#   them anew afterwards, or pytest-xdist hands them out in small lots, it tears one instance down and sets the other up
#   at each change of the param. Two session fixtures without params, chosen by `request.getfixturevalue` in a fixture
#   with params of function scope, are set up once each in any order.
# Versions: pytest 9.0.2, pytest-random-order 1.2.0.
# Seen: servers of acceptance tests, on SQLite and on PostgreSQL; in random order each change took 14 seconds, and a run
#   a third longer.
# Why it matters: the time that a suite takes depends on the order of its tests, and state that "lives for the session"
#   does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pytest==9.0.2 pytest-random-order==1.2.0
cat > conftest.py <<'PROGRAM'
import pytest

made = {"with params": 0, "chosen": 0}


@pytest.fixture(scope="session", params=["one", "other"])
def with_params(request):
    made["with params"] += 1
    return request.param


@pytest.fixture(scope="session")
def one():
    made["chosen"] += 1


@pytest.fixture(scope="session")
def other():
    made["chosen"] += 1


@pytest.fixture(params=["one", "other"])
def chosen(request):
    return request.getfixturevalue(request.param)


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"set up: {made}")
PROGRAM
cat > test_many.py <<'PROGRAM'
import pytest


@pytest.mark.parametrize("number", range(20))
def test_with_params(with_params, number):
    pass


@pytest.mark.parametrize("number", range(20))
def test_chosen(chosen, number):
    pass
PROGRAM
in_order=$(env/bin/pytest --quiet | grep '^set up')
shuffled=$(env/bin/pytest --quiet --random-order --random-order-bucket=global --random-order-seed=7 | grep '^set up')
echo "in order:    $in_order"
echo "random order: $shuffled"
grep -q "'with params': 2, 'chosen': 2" <<<"$in_order"
grep -q "'chosen': 2" <<<"$shuffled"
test "$(sed -E "s/.*'with params': ([0-9]+).*/\1/" <<<"$shuffled")" -gt 6
