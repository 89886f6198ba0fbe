"""The list of public names of `realtime` agrees with the table and with the imports for type checkers."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

import realtime


def imported_for_types() -> dict[str, set[str]]:
    tree = ast.parse(Path(realtime.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    found = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {node.module.removeprefix("realtime."): {one.name for one in node.names} for node in found}


def test_the_table_and_the_imports_for_types_agree():
    assert imported_for_types() == {module: set(names) for module, names in realtime._MODULES.items()}
    assert set(realtime._MODULE_OF) == set(realtime.__all__)


@pytest.mark.parametrize("name", realtime.__all__)
def test_a_public_name_can_be_imported_and_is_not_a_module(name):
    assert getattr(realtime, name) is not None
    assert find_spec(f"realtime.{name}") is None


def test_other_names_do_not_exist():
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        realtime.no_such_name  # noqa: B018
