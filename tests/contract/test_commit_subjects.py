"""The subjects of commits follow the rules in CONTRIBUTING.md."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.commit_subjects import faults
from tests.harness.environment import LEFT_OUT, ROOT
from tests.harness.servers import inherited_environment

SINCE = "085cc6c9cf42ae50a05eeba5e57b2805755b2a92"
"""The last commit before these rules were introduced."""

AUTHOR = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")


def commits(folder: Path, since: str) -> dict[str, str] | None:
    """Return the subjects of all commits after this commit, by hash; None if the history does not include it."""
    try:
        _git(folder, "merge-base", "--is-ancestor", since, "HEAD")
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    log = _git(folder, "log", "--no-merges", "--format=%h%x09%s", f"{since}..HEAD")
    return dict(line.split("\t", 1) for line in log.splitlines())


def _git(folder: Path, *arguments: str) -> str:
    # A Git hook sets `GIT_DIR` and other variables, which would direct these commands to the hook's repository.
    options = {"cwd": folder, "env": inherited_environment(), "capture_output": True, "text": True}
    return subprocess.run(["git", *arguments], check=True, **options).stdout


def test_every_subject_follows_the_rules():
    """A shallow clone, or sources without history, has nothing to check; the summary of the run says so."""
    made = commits(ROOT, SINCE)
    if made is None:
        pytest.skip(f"{LEFT_OUT}subjects of commits, because the history since {SINCE[:7]} is missing")
    found = {f"{commit} {subject}": list(faults(subject)) for commit, subject in made.items()}
    assert {commit: said for commit, said in found.items() if said} == {}


def test_commits_are_found_in_a_history(tmp_path):
    whole, shallow, none = (tmp_path / name for name in ("whole", "shallow", "none"))
    none.mkdir()
    _git(tmp_path, "init", "--quiet", str(whole))
    for subject in ("First", "Second one", "Third"):
        _git(whole, *AUTHOR, "commit", "--quiet", "--allow-empty", "--message", f"{subject}\n\nWhy.")
    _git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{whole}", str(shallow))
    first = _git(whole, "rev-list", "--max-parents=0", "HEAD").strip()
    assert sorted(commits(whole, first).values()) == ["Second one", "Third"]
    assert commits(shallow, first) is None
    assert commits(none, first) is None


@pytest.mark.parametrize(
    "subject",
    ["Add a column", "Process a webhook once", "Bring nginx along", "Focus the text field", f"Add {'x' * 68}", "Ünify"],
)
def test_a_valid_subject_is_accepted(subject):
    assert list(faults(subject)) == []


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        (f"Add {'x' * 69}", "has 73 characters"),
        ("add a column", "capital"),
        ("", "capital"),
        ("Add a column.", "full stop"),
        ("Added a column", "“Added”"),
        ("Adds a column", "“Adds”"),
        ("Adding a column", "“Adding”"),
        ("The column is added", "“The”"),
    ],
)
def test_an_invalid_subject_is_rejected(subject, said):
    (found,) = faults(subject)
    assert said in found


@pytest.mark.parametrize(("message", "code"), [("# a comment\n\nAdd a column\n\nthe body.\n", 0), ("Added it\n", 1)])
def test_the_hook_reads_the_message(tmp_path, message, code):
    file = tmp_path / "COMMIT_EDITMSG"
    file.write_text(message)
    command = [sys.executable, "-m", "scripts.commit_subjects", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "does not say what to do" in done.stderr) == (code, bool(code))
