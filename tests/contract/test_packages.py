"""The docstring of each package says what it is for, and names modules that there are."""

import ast
import re

import pytest

from tests.packages import PACKAGES, ROOT

LONGEST = 8
"""Lines, the empty ones counted."""


def docstring(package: str) -> str:
    return ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))) or ""


@pytest.mark.parametrize("package", [*PACKAGES, "faults", "benchmarks"])
def test_a_package_says_what_it_is_for(package):
    assert 3 <= len(docstring(package).splitlines()) <= LONGEST


@pytest.mark.parametrize("package", [*PACKAGES, "faults", "benchmarks"])
def test_the_modules_that_it_names_are_there(package):
    named = re.findall(r"`([a-z_]+)(?:[/.][a-z_./]*)?`", docstring(package))
    there = {path.stem for folder in (ROOT / package, ROOT) for path in folder.iterdir()}
    assert set(named) - there - {"__all__"} == set()
