"""What may be set is written down: in the reference and in the sample file, all of it and nothing else."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def _is_read(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "env"


def read_names() -> set[str]:
    """The variables that the settings ask the environment for."""
    calls = filter(_is_read, ast.walk(ast.parse((ROOT / "stoory/settings.py").read_text())))
    return {call.args[0].value for call in calls if call.func.attr != "load_file"}


def documented_names() -> set[str]:
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"[A-Z_]{2,}", row)}


def sample_names() -> set[str]:
    return set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_the_settings_read_something():
    assert {"DEBUG", "SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= read_names()


@pytest.mark.parametrize("written", [documented_names, sample_names])
def test_every_variable_is_written_down_and_no_other(written):
    assert written() == read_names()


def test_nothing_else_reads_the_environment():
    parts = ("accounts", "conversations", "foundation", "messaging", "notifications", "realtime", "stoory")
    readers = {
        str(path.relative_to(ROOT))
        for part in parts
        for path in (ROOT / part).rglob("*.py")
        if re.search(r"\bos\.(environ\b(?!\.setdefault\(\"DJANGO_SETTINGS_MODULE\")|getenv)", path.read_text())
    }
    assert readers == {"stoory/env.py"}
