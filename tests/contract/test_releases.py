"""docs/releases.txt has a line `version, commit, date` for each release, and the commit has that version."""

import subprocess
import tomllib

import pytest

from tests.harness import releases
from tests.harness.environment import ROOT
from tests.harness.releases import FILE, newest_release, parsed

ONE, OTHER = "0" * 39 + "a", "0" * 39 + "b"
FIRST = f"0.9.0, {ONE}, 2026-12-01\n"


def git(*arguments: str) -> str:
    """Return the output of git, or an empty text if git fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout


def has_history() -> bool:
    """Return whether this is a full clone, not a shallow clone or a copy of the files."""
    at_top = git("rev-parse", "--show-prefix", "--is-shallow-repository")
    return at_top == "\nfalse\n"


def test_the_file_has_the_required_form():
    assert newest_release() == parsed(FILE.read_text(encoding="utf-8"))[-1]


def test_each_commit_has_its_version():
    if not has_history():
        pytest.skip("no history")
    for release in parsed(FILE.read_text(encoding="utf-8")):
        project = git("show", f"{release.commit}:pyproject.toml")
        assert project, f"the commit {release.commit} of {release.version} is not in the repository"
        assert tomllib.loads(project)["project"]["version"] == release.version


def test_versions_ascend_as_numbers(tmp_path, monkeypatch):
    file = tmp_path / "releases.txt"
    file.write_text(f"{FIRST}0.10.0, {OTHER}, 2027-01-31\n")
    monkeypatch.setattr(releases, "FILE", file)
    assert (newest_release().version, newest_release().commit) == ("0.10.0", OTHER)
    assert newest_release().date.isoformat() == "2027-01-31"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no release"),
        ("\n", "Line 1 is not"),
        (f"{FIRST}\n", "Line 2 is not"),
        ("0.1.0\n", "Line 1 is not"),
        (f"v0.1.0, {ONE}, 2026-12-01\n", "Line 1 is not"),
        (f"0.1, {ONE}, 2026-12-01\n", "Line 1 is not"),
        (f"0.01.0, {ONE}, 2026-12-01\n", "Line 1 is not"),
        (f"0.1.0, {ONE[1:]}, 2026-12-01\n", "Line 1 is not"),
        (f"0.1.0, {ONE.upper()}, 2026-12-01\n", "Line 1 is not"),
        (f"0.1.0, {ONE}, 01.12.2026\n", "Line 1 is not"),
        (f"0.1.0, {ONE}, 2026-02-30\n", "day"),
        (f"0.1.0,{ONE},2026-12-01\n", "Line 1 is not"),
        (f"0.1.0, {ONE}, 2026-12-01, yanked\n", "Line 1 is not"),
        (FIRST + FIRST, "Line 2: 0.9.0 does not come after 0.9.0"),
        (f"{FIRST}0.8.7, {OTHER}, 2027-01-31\n", "Line 2: 0.8.7 does not come after 0.9.0"),
    ],
)
def test_another_form_is_rejected(text, reason):
    with pytest.raises(ValueError, match=reason):
        parsed(text)
