"""The harness imports nothing from the code that uses it."""

import ast

import pytest

from tests.harness.environment import ROOT

MODULES = sorted((ROOT / "tests" / "harness").rglob("*.py"))
USERS = ("faults", "benchmarks", "tests")


def imported(code: str) -> set[str]:
    """Return the names of the modules that a module imports from."""
    nodes = list(ast.walk(ast.parse(code)))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return plain | {f"{node.module}." for node in nodes if isinstance(node, ast.ImportFrom)}


def above(code: str) -> set[str]:
    """Return the imported modules that the harness must not import, because they use it."""
    names = imported(code)
    return {name for name in names if name.split(".")[0] in USERS and not name.startswith("tests.harness.")}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_the_harness_imports_nothing_that_uses_it(module) -> None:
    assert above(module.read_text()) == set()


@pytest.mark.parametrize(
    "code",
    [
        "import faults.run",
        "from benchmarks import targets",
        "from tests.factories import make_user",
        "from tests import x",
    ],
)
def test_an_import_of_a_user_is_found(code: str) -> None:
    assert above(code)
    assert above(f"def f():\n    {code}")
    assert not above("from tests.harness import ports\nfrom tests.harness.rest import Api\nimport json\nimport httpx")
