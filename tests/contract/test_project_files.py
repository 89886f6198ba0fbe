"""The files of an open project: license, editor settings, hooks and templates."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from tests.harness.environment import ROOT, need_node
from tests.packages import PYPROJECT

LICENSE = {"name": "Apache-2.0"}
VENDORED = "static/vendor/"

HOOKS = {
    hook["id"]: hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
}


def test_the_license_is_complete():
    text = (ROOT / "LICENSE").read_text()
    assert text.strip().startswith("Apache License\n                           Version 2.0, January 2004")
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text.splitlines()) > 200


@pytest.mark.parametrize("name", ["docs/asyncapi.json", "docs/openapi.yaml"])
def test_the_documents_of_the_api_name_the_license(name):
    text = (ROOT / name).read_text()
    about = (json.loads if name.endswith("json") else yaml.safe_load)(text)["info"]
    assert about["license"] == LICENSE


@pytest.mark.parametrize("name", ["SECURITY.md", "CODE_OF_CONDUCT.md"])
def test_security_reports_go_to_the_platform(name):
    text = " ".join((ROOT / name).read_text().split())
    assert "**Report a vulnerability**" in text
    assert not re.search(r"\w@\w", text)


@pytest.mark.parametrize("name", ["bug", "feature"])
def test_issue_forms_are_valid(name):
    """GitHub requires a name, a description, and fields with unique ids."""
    form = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{name}.yml").read_text())
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert form["name"]
    assert form["description"]
    assert {field["type"] for field in fields} <= {"input", "textarea", "dropdown", "checkboxes"}
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
    assert any(field["validations"]["required"] for field in fields if "validations" in field)


def test_ci_runs_every_supported_version():
    """CI runs every version that CONTRIBUTING.md names, starting with the oldest that pyproject.toml supports."""
    (job,) = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"].values()
    matrix = job["strategy"]["matrix"]
    said = re.search(
        r"for Python (3\.\d+) to (3\.\d+) and PostgreSQL (\d+) to (\d+)\.", (ROOT / "CONTRIBUTING.md").read_text()
    )
    assert f">={said[1]}" == PYPROJECT["project"]["requires-python"]
    assert [f"3.{minor}" for minor in range(int(said[1][2:]), int(said[2][2:]) + 1)] == matrix["python"]
    assert [str(version) for version in range(int(said[3]), int(said[4]) + 1)] == matrix["postgresql"]
    assert job["steps"][-1]["run"] == ".ci/run"
    assert os.access(ROOT / ".ci/run", os.X_OK)


def committed() -> Iterator[tuple[str, bytes]]:
    """Yield the text files under version control, or none outside a repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.decode()
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b"\0"
        if b"\0" not in content and not name.startswith(VENDORED):
            yield name, content


def style_faults(content: bytes) -> list[str]:
    """Return the rules of `.editorconfig` that this file breaks."""
    found = {
        "characters other than UTF-8": not _is_utf8(content),
        "a line end other than LF": b"\r" in content,
        "spaces at the end of a line": re.search(rb"[ \t]$", content, re.MULTILINE),
        "no line end at the end": content and not content.endswith(b"\n"),
    }
    return [fault for fault, is_found in found.items() if is_found]


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_files_follow_the_editor_settings():
    assert {name: found for name, content in committed() if (found := style_faults(content))} == {}


@pytest.mark.parametrize("content", [b"\xff\n", b"a\r\n", b"a \n", b"a\n\t\nb\n", b"a"])
def test_a_style_fault_is_found(content):
    assert len(style_faults(content)) == 1


def test_hooks_download_nothing():
    assert {hook["language"] for hook in HOOKS.values()} == {"system"}


FAULTY = {
    "ruff-check": ("sample.py", "import os\n"),
    "ruff-format": ("sample.py", "a = 'b'\n"),
    "codespell": ("sample.txt", "The behaviour of the server.\n"),  # codespell:ignore
    "eslint": ("sample.js", "element.innerHTML = text;\n"),
    "prettier": ("sample.js", 'const a = "b"\n'),
    "commit-subject": ("MESSAGE", "added a column.\n"),
}
GOOD = {
    "sample.py": '"""A module."""\n',
    "sample.txt": "A sentence.\n",
    "sample.js": "export const a = 'b';\n",
    "MESSAGE": "Add a column\n",
}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_finds_a_fault_and_accepts_valid_files(hook, request):
    need_node()
    name, faulty = FAULTY[hook]
    # The file is inside the project because eslint ignores files outside the folder of its configuration.
    file = ROOT / "tests" / f"{os.getpid()}-{name}"
    request.addfinalizer(lambda: file.unlink(missing_ok=True))
    for text, is_fine in ((faulty, False), (GOOD[name], True)):
        file.write_text(text)
        command = [*shlex.split(HOOKS[hook]["entry"]), str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is is_fine, done.stdout + done.stderr
