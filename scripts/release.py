"""`make release VERSION=1.2.3 [CI_PASSED=COMMIT]`: make a release of the commit that is checked out.

It writes the version and the date into CHANGELOG.md and into all files that contain the version. It commits and tags
these changes, adds a line to docs/releases.txt, and writes an archive, an SBOM and their checksums to `dist/`. It works
in a separate worktree, and moves the branch last. If a step fails, nothing is changed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.release_files import DIST, ROOT, git, tag_of, write_files

RELEASES, CHANGELOG = "docs/releases.txt", "CHANGELOG.md"
VERSIONED = {
    "pyproject.toml": re.compile(r'^(version = )"[^"]*"', re.MULTILINE),
    "static/stoory-client/package.json": re.compile(r'^(  "version": )"[^"]*"', re.MULTILINE),
}
"""The files that contain the version, with a pattern that finds it. The API documents are generated from them."""
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)
UNRELEASED = "## [Unreleased]\n"
OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
"""The variables that `make` sets for the programs it runs. With them, `make check` would run as a part of `make
release`."""


class ReleaseRefused(Exception):
    """The reason why no release was made."""


def parse_version(text: str) -> tuple[int, ...]:
    """Return the numbers of a version. Raises `ReleaseRefused` if the text is not a version."""
    found = VERSION.fullmatch(text)
    if not found:
        raise ReleaseRefused(f"“{text}” is no version: three numbers are needed, as in VERSION=1.2.3.")
    return tuple(map(int, found.groups()))


def released_changelog(text: str, version: str, date: str) -> str:
    """Return the changelog with the unreleased changes under the version. Raises `ReleaseRefused` if there are none."""
    before, heading, rest = text.partition(UNRELEASED)
    changes, following, older = rest.partition("\n## [")
    if not heading or not any(line.strip() and not line.startswith("#") for line in changes.splitlines()):
        raise ReleaseRefused(f"{CHANGELOG} has nothing under “{UNRELEASED.strip()}”.")
    return f"{before}{heading}\n## [{version}] - {date}\n{changes}{following}{older}"


def with_version(text: str, name: str, version: str) -> str:
    """Return the text of a file of `VERSIONED` with a new version. Raises `ReleaseRefused` unless the text has exactly
    one version."""
    changed, count = VERSIONED[name].subn(rf'\g<1>"{version}"', text)
    if count != 1:
        raise ReleaseRefused(f"{name} names {count} versions, not one.")
    return changed


def check_can_release(version: str) -> None:
    """Raise `ReleaseRefused` if the commit that is checked out cannot become this version."""
    numbers = parse_version(version)
    _check_is_clean()
    if not git("branch", "--show-current").strip():
        raise ReleaseRefused("No branch is checked out.")
    releases = ROOT / RELEASES
    lines = releases.read_text(encoding="utf-8").splitlines() if releases.exists() else []
    older = [parse_version(line.partition(",")[0]) for line in lines]
    if older and numbers <= max(older):
        raise ReleaseRefused(f"{version} is not higher than {'.'.join(map(str, max(older)))}.")
    if git("tag", "--list", tag_of(version)):
        raise ReleaseRefused(f"There is a tag {tag_of(version)} already.")
    released_changelog((ROOT / CHANGELOG).read_text(encoding="utf-8"), version, "")
    if find_spec("cyclonedx_py") is None:
        raise ReleaseRefused("cyclonedx-bom is not installed: run `make setup`.")


def _check_is_clean() -> None:
    changed = git("status", "--porcelain").decode()
    if changed:
        raise ReleaseRefused(f"There is something that is not committed:\n{changed}")


def check_passed(ci_passed: str | None) -> None:
    """Run `make check`, unless `ci_passed` is the commit that is checked out. Raises `ReleaseRefused`."""
    head = _head()
    if ci_passed is not None:
        if ci_passed != head:
            raise ReleaseRefused(f"CI_PASSED names {ci_passed}, but {head} is checked out.")
        return
    environment = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    if subprocess.run(["make", "check"], cwd=ROOT, env=environment, check=False).returncode:
        raise ReleaseRefused("`make check` failed.")
    _check_is_clean()
    if _head() != head:
        raise ReleaseRefused("Another commit was checked out meanwhile.")


def _head(folder: Path = ROOT) -> str:
    return git("rev-parse", "HEAD", folder=folder).decode().strip()


@contextmanager
def _worktree() -> Iterator[Path]:
    """Create a temporary worktree of the commit that is checked out, without a branch."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary, "release")
        git("worktree", "add", "--quiet", "--detach", str(folder))
        try:
            yield folder
        finally:
            git("worktree", "remove", "--force", str(folder))


def commit_release(folder: Path, version: str, date: str) -> str:
    """Commit the version with the documents that contain it, and return the commit."""
    changelog = folder / CHANGELOG
    changelog.write_text(released_changelog(changelog.read_text(encoding="utf-8"), version, date), encoding="utf-8")
    for name in VERSIONED:
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(with_version(text, name, version), encoding="utf-8")
    command = [sys.executable, "manage.py", "export_documents"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return _commit(folder, f"Release {version}")


def commit_line(folder: Path, version: str, commit: str, date: str) -> str:
    """Commit the release's line in the list, and return the commit."""
    with (folder / RELEASES).open("a", encoding="utf-8") as releases:
        releases.write(f"{version}, {commit}, {date}\n")
    return _commit(folder, f"List release {version}")


def _commit(folder: Path, subject: str) -> str:
    git("add", "--all", folder=folder)
    # Hooks would not find their programs in this folder; the checks have passed.
    git("commit", "--quiet", "--no-verify", "--message", subject, folder=folder)
    return _head(folder)


def release(version: str) -> list[Path]:
    """Release the commit that is checked out and has passed the checks. Return the files in `dist/`."""
    date = datetime.now(UTC).date().isoformat()
    with _worktree() as folder, TemporaryDirectory() as built:
        commit = commit_release(folder, version, date)
        files = write_files(commit, version, Path(built))
        return _publish(version, commit, commit_line(folder, version, commit, date), files)


def _publish(version: str, commit: str, tip: str, files: list[Path]) -> list[Path]:
    """Copy the files to `dist/`, tag the commit and move the branch. If a step fails, undo the previous steps."""
    DIST.mkdir(exist_ok=True)
    places, tag = [DIST / file.name for file in files], tag_of(version)
    try:
        for file, place in zip(files, places, strict=True):
            shutil.copyfile(file, place)
        git("tag", "--annotate", "--message", f"Stoory {version}", tag, commit)
        git("merge", "--quiet", "--ff-only", tip)
    except BaseException:
        for place in places:
            place.unlink(missing_ok=True)
        if git("tag", "--list", tag):
            git("tag", "--delete", tag)
        raise
    return places


def main() -> int:
    parser = argparse.ArgumentParser(prog="make release")
    parser.add_argument("version")
    parser.add_argument("--ci-passed", metavar="COMMIT", help="do not run `make check`: it passed for this commit")
    options = parser.parse_args()
    try:
        check_can_release(options.version)
        check_passed(options.ci_passed)
        files = release(options.version)
    except ReleaseRefused as error:
        sys.stderr.write(f"No release: {error}\n")
        return 1
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace")
        sys.stderr.write(f"No release: {' '.join(map(str, error.cmd))} failed, and nothing was changed.\n{said}")
        return 1
    names = "\n".join(f"  {file.relative_to(ROOT)}" for file in files)
    sys.stdout.write(f"Released {options.version}:\n{names}\nNow push: git push --follow-tags\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
