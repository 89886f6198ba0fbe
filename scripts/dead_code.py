"""`python -m scripts.dead_code`: find dead code in the paths of `[tool.vulture]` in pyproject.toml.

Vulture only compares names, so this script adds the uses by frameworks. A method is used if it overrides a method of a
library, and a name is used if a string or a template contains it. Variables are never reported, because libraries read
the fields of models and schemas, options and settings.
"""

import ast
import os
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from inspect import getmembers, isclass
from pathlib import Path

import django
from vulture import Vulture
from vulture.config import make_config
from vulture.core import Item

ROOT = Path(__file__).resolve().parents[1]
_NAME = re.compile(r"[A-Za-z_][\w.:]*")
_TAG = re.compile(r"\{[{%].*?[%}]\}")


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stoory.settings")
    django.setup()
    config = make_config([])
    dead = find_dead_code(
        config["paths"], config["exclude"], names=config["ignore_names"], decorators=config["ignore_decorators"]
    )
    for one in dead:
        sys.stdout.write(one.get_report() + "\n")
    return bool(dead)


def find_dead_code(
    paths: Iterable[str], exclude: Iterable[str] = (), *, names: Iterable[str] = (), decorators: Iterable[str] = ()
) -> list[Item]:
    """Return the code that nothing in the paths uses. Names and decorators that match `names` and `decorators` count as
    used."""
    files = [file for path in paths for file in Path(path).rglob("*.py")]
    vulture = Vulture(ignore_names=list(names), ignore_decorators=list(decorators))
    vulture.scavenge(files, exclude=list(exclude))
    vulture.used_names.update(_named_in_strings(files), _named_in_templates())
    return [one for one in vulture.get_unused_code() if one.typ != "variable" and not _overrides(one)]


def _named_in_strings(files: Iterable[Path]) -> Iterator[str]:
    """Yield the names in strings that contain only a name: `"accounts.backends.AccountBackend"`, `{"get": "me"}`."""
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
                yield re.split("[.:]", node.value)[-1]


def _named_in_templates() -> Iterator[str]:
    for file in (ROOT / "templates").rglob("*.*"):
        for tag in _TAG.findall(file.read_text(encoding="utf-8")):
            yield from re.findall(r"\w+", tag)


def _overrides(item: Item) -> bool:
    """Return whether the item overrides an attribute of a class outside the project."""
    if item.typ not in {"method", "property"}:
        return False
    module = import_module(".".join(Path(item.filename).resolve().relative_to(ROOT).with_suffix("").parts))
    classes = [one for _, one in getmembers(module, isclass) if one.__module__ == module.__name__]
    overriding = [one for one in classes if item.name in vars(one)]
    return any(item.name in vars(base) and not _is_own(base) for one in overriding for base in one.__mro__[1:])


def _is_own(one: type) -> bool:
    return (ROOT / one.__module__.partition(".")[0]).exists()


if __name__ == "__main__":
    sys.exit(main())
