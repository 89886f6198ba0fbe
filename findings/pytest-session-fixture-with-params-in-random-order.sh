#!/usr/bin/env bash
# Believed: a fixture with `scope="session"` and two params is set up twice in a session, once for each param.
# Is so: pytest keeps only one instance of the fixture at a time. It sorts the tests so that two set-ups are enough.
#   But if a plugin changes the order later, or pytest-xdist distributes the tests in small groups, pytest tears down
#   one instance and sets up the other at each change of the param. The alternative is two session fixtures without
#   params, and a function-scoped fixture with params that chooses one with `request.getfixturevalue`. Then each session
#   fixture is set up once, in any order of the tests.
# Versions: pytest 9.0.2, pytest-random-order 1.2.0.
# Seen: with servers of acceptance tests, on SQLite and on PostgreSQL. In random order each change of the param took 14
#   seconds, and a run took a third longer.
# Why it matters: the duration of a test run depends on the order of the tests, and state with session scope does not
#   last for the whole session.
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
