"""The docstring of each package says what the package is for and names only existing modules."""

import ast
import os
import re
import subprocess
import sys

import pytest

from tests.packages import PACKAGES, ROOT

LONGEST = 8
"""Lines, including empty lines."""


def docstring(package: str) -> str:
    return ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))) or ""


@pytest.mark.parametrize("package", [*PACKAGES, "faults", "benchmarks"])
def test_a_package_has_a_docstring_with_its_purpose(package):
    assert 3 <= len(docstring(package).splitlines()) <= LONGEST


@pytest.mark.parametrize("package", [*PACKAGES, "faults", "benchmarks"])
def test_the_named_modules_exist(package):
    named = re.findall(r"`([a-z_]+)(?:[/.][a-z_./]*)?`", docstring(package))
    there = {path.stem for folder in (ROOT / package, ROOT) for path in folder.iterdir()}
    assert set(named) - there - {"__all__"} == set()


IMPORT_ALL = """
import importlib, pkgutil, sys
import django
django.setup()
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    if not module.name.endswith("__main__") and ".peers." not in module.name:
        importlib.import_module(module.name)
"""


@pytest.mark.parametrize("package", ["faults", "benchmarks"])
def test_every_module_of_a_tool_can_be_imported(package):
    """mypy does not check these modules, so a missing name would fail only at run time. Peers run in their own
    environments."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "stoory.settings"}
    subprocess.run([sys.executable, "-c", IMPORT_ALL, package], cwd=ROOT, env=environment, check=True)
