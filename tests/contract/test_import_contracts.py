"""The import contracts cover every package and its inside, without exceptions."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

from tests.packages import PACKAGES, PYPROJECT

IMPORTS = PYPROJECT["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract for contract in IMPORTS["contracts"]}
TOOLS = {"faults", "benchmarks"}


def test_every_package_is_checked():
    assert set(IMPORTS["root_packages"]) == {*PACKAGES, *TOOLS}


def test_no_import_is_ignored():
    assert {name for name, contract in CONTRACTS.items() if "ignore" in " ".join(contract)} == set()


def test_types_count_as_imports():
    assert "exclude_type_checking_imports" not in IMPORTS


def test_every_package_has_a_contract_against_cycles():
    [contract] = [one for one in CONTRACTS.values() if one["type"] == "acyclic_siblings"]
    assert set(contract["ancestors"]) == {*PACKAGES, *TOOLS}
    assert "skip_descendants" not in contract


def test_every_package_has_its_layer():
    layers = CONTRACTS["Imports run one way only"]["layers"]
    assert {name.strip() for layer in layers for name in layer.split("|")} == {*PACKAGES, "(integrations)"}


def test_no_module_imports_itself_through_others():
    """The import contract compares sibling modules; this test also finds cycles through a package's `__init__`."""
    graph = grimp.build_graph(*PACKAGES, *sorted(TOOLS))
    TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()


def test_a_cycle_is_found():
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"a.b"}, "a.b": {"a.c"}, "a.c": {"a"}}).prepare()
