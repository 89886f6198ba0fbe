"""CONTRIBUTING.md, “Releases”: a release is made or refused in a separate repository, and its archive is run."""

import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

import httpx
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.docs.blocks import Block
from tests.docs.claims import runs
from tests.docs.copies import copy_of_project
from tests.docs.terminal import commands
from tests.harness.environment import need
from tests.harness.ports import free_port
from tests.harness.processes import CommandFailed, Process, run
from tests.harness.releases import newest_release
from tests.harness.servers import inherited_environment, responds

DOCUMENTED = "0.2.0"
"""The version in the commands of the document."""
_MAJOR, _MINOR, _ = newest_release().precedence
VERSION = f"{_MAJOR}.{_MINOR + 1}.0"
"""The version that the tests release: the next one, whatever was released."""
CHANGE = "\n### Added\n\n- **Something** that a release needs.\n"
SET_UP_SECONDS = 900
"""Seconds for an installation from a package registry, on a busy machine."""

NAMES = [f"stoory-{VERSION}.{ending}" for ending in ("cdx.json", "sha256", "tar.gz")]


AUTHOR = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "Somebody"), ("EMAIL", "somebody@example.com"))
}


def environment_of(project: Path) -> dict[str, str]:
    """Return variables with which git sees only this repository and no user settings."""
    alone = {
        "GIT_CEILING_DIRECTORIES": str(project.parent),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return inherited_environment() | AUTHOR | alone


def git(project: Path, *arguments: str) -> str:
    return run("git", *arguments, cwd=project, env=environment_of(project))


def create_repository(folder: Path) -> Path:
    """Create a repository of the project with one commit on the branch `main`."""
    need(shutil.which("git"), "git is not installed (on Debian: apt install git)")
    folder.mkdir()
    project = copy_of_project(folder)
    assert not (project / ".git").exists()
    git(project, "init", "--quiet", "--initial-branch", "main")
    changelog = project / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("## [Unreleased]\n", f"## [Unreleased]\n{CHANGE}", 1))
    assert Path(git(project, "rev-parse", "--path-format=absolute", "--git-common-dir").strip()) == project / ".git"
    commit(project, "Begin")
    return project


def commit(project: Path, subject: str) -> None:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", subject)


def run_documented(project: Path, command: str, **environment: str) -> str:
    """Run a command of the document. Raises `CommandFailed`."""
    return run("bash", "-euo", "pipefail", "-c", command, cwd=project, env=environment_of(project) | environment)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository for releases that are refused; each test restores it."""
    return create_repository(tmp_path_factory.mktemp("release") / "project")


RELEASE = f"make release VERSION={VERSION} CI_PASSED=$(git rev-parse HEAD)"


@runs("CONTRIBUTING.md", "Releases", "sh", "sh")
def test_a_release_is_made_and_runs(blocks: list[Block], tmp_path: Path):
    _, release = commands(blocks[0].text)
    assert release == RELEASE.replace(VERSION, DOCUMENTED)
    project = create_repository(tmp_path / "project")
    before = git(project, "rev-parse", "HEAD").strip()
    run_documented(project, RELEASE)
    check_commit_and_tag(project, before)
    check_files(project / "dist")
    check_reproducible(project, blocks[1].text.replace(DOCUMENTED, VERSION))
    with pytest.raises(CommandFailed, match=f"{VERSION} is not higher than {VERSION}"):
        run_documented(project, RELEASE)
    check_archive_runs(project / "dist" / f"stoory-{VERSION}.tar.gz", tmp_path)


def check_commit_and_tag(project: Path, before: str) -> None:
    tagged = git(project, "rev-parse", f"v{VERSION}^{{commit}}").strip()
    today = datetime.now(UTC).date()
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "log", "--format=%s", f"{before}..main").splitlines() == [
        f"List release {VERSION}",
        f"Release {VERSION}",
    ]
    assert git(project, "rev-parse", "main~1").strip() == tagged
    version, listed, date = (project / "docs/releases.txt").read_text().splitlines()[-1].split(", ")
    assert (version, listed) == (VERSION, tagged)
    assert 0 <= (today - datetime.fromisoformat(date).date()).days <= 1
    changelog = (project / "CHANGELOG.md").read_text()
    assert f"## [Unreleased]\n\n## [{VERSION}] - {date}\n{CHANGE}" in changelog
    for name in ("docs/asyncapi.json", "static/stoory-client/package.json"):
        assert re.search(rf'"version": "{re.escape(VERSION)}"', (project / name).read_text())
    run("bash", "-c", ".venv/bin/python manage.py export_documents --check", cwd=project, env=inherited_environment())


def check_files(dist: Path) -> None:
    assert sorted(path.name for path in dist.iterdir()) == NAMES
    sums = (line.split() for line in (dist / f"stoory-{VERSION}.sha256").read_text().splitlines())
    assert {name: digest for digest, name in sums} == {
        name: hashlib.sha256((dist / name).read_bytes()).hexdigest() for name in (NAMES[0], NAMES[2])
    }
    bom = json.loads((dist / NAMES[0]).read_text())
    assert (bom["bomFormat"], bom["metadata"]["component"]["version"]) == ("CycloneDX", VERSION)
    versions = {one["name"].lower(): one["version"] for one in bom["components"]}
    pinned = re.search(r"^django==(\S+)", (dist.parent / "requirements.txt").read_text(), re.MULTILINE | re.IGNORECASE)
    assert versions["django"] == pinned[1]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str((dist / NAMES[0]).read_text()) is None
    table = json.loads((dist.parent / "static/vendor/versions.json").read_text())
    assert {
        entry["package"].rpartition("/")[2]: entry["version"] for entry in table.values()
    }.items() <= versions.items()


def check_reproducible(project: Path, command: str) -> None:
    """Check that the archive is the same with other git settings and another umask."""
    made = {name: (project / "dist" / name).read_bytes() for name in NAMES}
    shutil.rmtree(project / "dist")
    git(project, "config", "core.autocrlf", "true")
    git(project, "config", "tar.umask", "0077")
    run_documented(project, f"umask 077; {command}")
    assert {name: (project / "dist" / name).read_bytes() for name in NAMES} == made


def check_archive_runs(archive: Path, folder: Path) -> None:
    """The unpacked archive runs without the repository, for a user with an empty home folder."""
    home, place = folder / "home", folder / "unpacked"
    home.mkdir()
    with tarfile.open(archive) as files:
        files.extractall(place)
    port = free_port()
    environment = inherited_environment() | {"HOME": str(home), "PORT": str(port), "DRAIN_SECONDS": "0.2"}
    options = {"environment": environment, "directory": place / f"stoory-{VERSION}"}
    server = Process("make", "run", log=folder / "run.log", **options).start()
    try:
        server.wait_until(lambda: responds(f"http://127.0.0.1:{port}/readyz"), within=SET_UP_SECONDS)
        about = httpx.get(f"http://127.0.0.1:{port}/api/schema", headers={"Accept": "application/json"}).json()["info"]
        assert (about["title"], about["version"], about["license"]["name"]) == ("Stoory", VERSION, "Apache-2.0")
    except CommandFailed:
        if "Could not find a version" in server.written() or "could not be fetched" in server.written():
            need(None, "a package registry cannot be reached")
        raise
    finally:
        server.kill()


def state(project: Path) -> tuple[str, ...]:
    """Return everything that a release changes."""
    files = sorted(path.name for path in (project / "dist").glob("*"))
    asked = (("status", "--porcelain"), ("rev-parse", "HEAD"), ("tag", "--list"), ("worktree", "list"))
    return (*(git(project, *one) for one in asked), *files)


def assert_refused(project: Path, command: str, said: str, **environment: str) -> None:
    before = state(project)
    with pytest.raises(CommandFailed, match=said):
        run_documented(project, command, **environment)
    assert state(project) == before


@contextmanager
def changed(project: Path, name: str, change: Callable[[str], str]) -> Iterator[None]:
    """Commit a change to a file for the duration of the block."""
    file = project / name
    file.write_text(change(file.read_text() if file.exists() else ""))
    commit(project, "Change")
    try:
        yield
    finally:
        git(project, "reset", "--quiet", "--hard", "HEAD~1")


def test_changes_that_are_not_committed_are_refused(repository: Path):
    (repository / "new.txt").write_text("new\n")
    try:
        assert_refused(repository, RELEASE, r"not committed:\n\?\? new.txt")
    finally:
        (repository / "new.txt").unlink()


@pytest.mark.parametrize("version", ["", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-rc.1", "--help", ".."])
def test_an_invalid_version_is_refused(repository: Path, version: str):
    command = f"make release VERSION={quote(version)} CI_PASSED=$(git rev-parse HEAD)"
    assert_refused(repository, command, re.escape(f"“{version}” is no version: three numbers are needed"))


HARMFUL = (
    *(
        "1.2.3'",
        '1.2.3"',
        "1.2.3 ",
        "1.2.3 1.2.4",
        "1.2.3\n1.2.4",
        "1.2.3\\",
        "1.2.3#",
        "1.2.3*",
        "$",
        "$$",
        "$HOME",
        "'",
    ),
    *("1.2.3; touch ran", "1.2.3 && touch ran", "1.2.3' | touch ran '", '"; touch ran; "', "'; touch ran; '"),
    *(
        "`touch ran`",
        "$(touch ran)",
        "$$(touch ran)",
        "$(shell touch ran)",
        "${shell touch ran}",
        "$(eval $(shell touch ran))",
    ),
)
"""Texts that make or a shell could execute or change."""


@pytest.mark.parametrize("text", HARMFUL)
@pytest.mark.parametrize("option", ["VERSION", "CI_PASSED"])
def test_make_and_the_shell_execute_no_part_of_an_option(repository: Path, option: str, text: str):
    other = f"VERSION={VERSION}" if option == "CI_PASSED" else "CI_PASSED=0"
    said = re.escape(f"“{text}” is no {'version' if option == 'VERSION' else 'commit'}")
    assert_refused(repository, f"make release {option}={quote(text)} {other}", said)
    assert_refused(repository, f"make release {other}", said, **{option: text})
    assert not (repository / "ran").exists()


@pytest.mark.parametrize("version", ["0.9.0", "0.10.0", "0.9.11"])
def test_a_version_that_is_not_higher_than_all_others_is_refused(repository: Path, version: str):
    listed = f"0.9.0, {'0' * 40}, 2026-01-01\n0.10.0, {'1' * 40}, 2026-02-01\n0.9.1, {'2' * 40}, 2026-03-01\n"
    with changed(repository, "docs/releases.txt", lambda _: listed):
        assert_refused(repository, RELEASE.replace(VERSION, version), r"is not higher than 0\.10\.0")


def test_an_existing_tag_is_refused(repository: Path):
    git(repository, "tag", f"v{VERSION}")
    try:
        assert_refused(repository, RELEASE, f"a tag v{VERSION} already")
    finally:
        git(repository, "tag", "--delete", f"v{VERSION}")


@pytest.mark.parametrize(
    "left", ["## [Unreleased]\n\n", "## [Unreleased]\n\n### Added\n\n## [0.1.0] - 2026-01-01\n\n- A\n", ""]
)
def test_a_release_without_changes_is_refused(repository: Path, left: str):
    with changed(repository, "CHANGELOG.md", lambda text: text.partition("## [Unreleased]")[0] + left):
        assert_refused(repository, RELEASE, "has nothing under")


def test_a_detached_head_is_refused(repository: Path):
    git(repository, "checkout", "--quiet", "--detach")
    try:
        assert_refused(repository, RELEASE, "No branch is checked out")
    finally:
        git(repository, "checkout", "--quiet", "main")


def test_a_ci_run_of_another_commit_does_not_count(repository: Path):
    assert_refused(repository, f"make release VERSION={VERSION} CI_PASSED={'0' * 40}", "CI_PASSED names 0000")


def test_failed_checks_stop_the_release(repository: Path, tmp_path: Path):
    program(tmp_path, "make", 'echo "$@ with <${MAKEFLAGS:-}>"; exit 2')
    command = f"MAKEFLAGS=-s .venv/bin/python -m scripts.release {VERSION}"
    assert_refused(
        repository, command, r"check with <>\n.*`make check` failed", PATH=f"{tmp_path}:{os.environ['PATH']}"
    )


@pytest.mark.parametrize("step", ["archive", "tag --annotate", "merge", "commit", "worktree add"])
def test_a_failed_git_command_changes_nothing(repository: Path, tmp_path: Path, step: str):
    git_program = shutil.which("git")
    program(tmp_path, "git", f'case " $* " in *" {step} "*) echo "full" >&2; exit 1;; esac; exec {git_program} "$@"')
    assert_refused(repository, RELEASE, "nothing was changed.\nfull", PATH=f"{tmp_path}:{os.environ['PATH']}")


def test_a_failed_sbom_changes_nothing(repository: Path, tmp_path: Path):
    (tmp_path / "cyclonedx_py.py").write_text("raise SystemExit('no SBOM')\n")
    assert_refused(repository, RELEASE, "nothing was changed.\nno SBOM", PYTHONPATH=str(tmp_path))


def program(folder: Path, name: str, text: str) -> None:
    """Create a program that replaces another one."""
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
