"""What may be set is written down: in the reference and in the sample file, all of it and nothing else."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from tests.packages import PACKAGES

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


def test_the_files_for_containers_set_what_there_is_and_run_what_there_is():
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    dockerfile = (ROOT / "Dockerfile").read_text()
    given = set(compose["x-app"]["environment"]) | set(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", dockerfile, re.MULTILINE))
    assert {"SECRET_KEY", "DEBUG", "DATA_DIR"} <= given
    assert {name for name in given if not name.startswith("PYTHON")} <= read_names()
    commands = [
        service["command"] for service in compose["services"].values() if "manage.py" in service.get("command", [])
    ]
    run = {command[2] for command in commands} | set(re.findall(r'manage\.py"?,? "?(\w+)', dockerfile))
    assert run == {"migrate", "fetch_socketio_client", "collectstatic", "serve"}
    assert run <= get_commands().keys()


def test_nothing_else_reads_the_environment():
    readers = {
        str(path.relative_to(ROOT))
        for part in PACKAGES
        for path in (ROOT / part).rglob("*.py")
        if re.search(r"\bos\.(environ\b(?!\.setdefault\(\"DJANGO_SETTINGS_MODULE\")|getenv)", path.read_text())
    }
    assert readers == {"stoory/env.py"}
