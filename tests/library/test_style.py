"""The scripts and styles are written in one style, and in pieces of a size that can be read."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.environment import ROOT, need_node

FOLDERS = ("static/app", "static/stoory-client", "tests/library")
SCRIPTS = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.js"))
LONGEST_MODULE, LONGEST_LINE = 300, 120


def test_everything_is_formatted() -> None:
    need_node()
    command = [str(ROOT / "node_modules" / ".bin" / "prettier"), "--check", *FOLDERS[:2], "tests/library/*.js"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_module_and_no_line_is_too_long(script: Path) -> None:
    lines = script.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_MODULE
    assert [line for line in lines if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_what_is_imported_is_used(script: Path) -> None:
    source = script.read_text(encoding="utf-8")
    for statement in re.findall(r"^import \{([^}]+)\} from", source, re.MULTILINE):
        for name in (part.split(" as ")[-1].strip() for part in statement.split(",") if part.strip()):
            assert len(re.findall(rf"\b{name}\b", source)) > 1, name
