"""The configuration of mypy: it checks every package and excludes nothing. `wrong_types` tests what mypy finds."""

from tests.contract import wrong_types
from tests.packages import PYPROJECT

CONFIG = PYPROJECT["tool"]
MYPY = CONFIG["mypy"]


def test_mypy_checks_every_package():
    assert {*MYPY["packages"], "faults", "benchmarks"} == set(CONFIG["importlinter"]["root_packages"])
    assert MYPY["exclude"] == "/migrations/"


def test_mypy_checks_the_module_with_wrong_types():
    assert MYPY["modules"] == [wrong_types.__name__]
    assert MYPY["strict"] is True


def test_mypy_ignores_errors_by_comments_only():
    silent = {"ignore_errors", "disable_error_code", "follow_imports", "ignore_missing_imports"}
    for section in (MYPY, *MYPY["overrides"]):
        assert not silent & section.keys()
