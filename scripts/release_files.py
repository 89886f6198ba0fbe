"""`python -m scripts.release_files VERSION`: make the files of a release again, from its tag, in `dist/`.

The files of a commit always have the same bytes. Their times are the time of the commit, and they contain no data of
the machine.
"""

import argparse
import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts import release_bom

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"


def git(*arguments: str, folder: Path = ROOT) -> bytes:
    """Run git, and return its output. Raises `CalledProcessError`."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True).stdout


def tag_of(version: str) -> str:
    return f"v{version}"


def write_files(commit: str, version: str, folder: Path) -> list[Path]:
    """Write the archive of a commit, its SBOM, and their checksums. Return the paths."""
    name = f"stoory-{version}"
    archive, bom, sums = (folder / f"{name}.{ending}" for ending in ("tar.gz", "cdx.json", "sha256"))
    archive.write_bytes(gzip.compress(_tree(commit, f"{name}/"), mtime=0))
    _write_bom(commit, bom)
    digests = ((hashlib.sha256(path.read_bytes()).hexdigest(), path.name) for path in (archive, bom))
    sums.write_text("".join(f"{digest}  {file}\n" for digest, file in digests), encoding="utf-8")
    return [archive, bom, sums]


def _tree(commit: str, prefix: str) -> bytes:
    """Return a tar archive of a commit's files. Git's settings for modes and line ends do not change the archive."""
    settings = ("-c", "tar.umask=0022", "-c", "core.autocrlf=false", "-c", "core.eol=lf")
    return git(*settings, "archive", "--format=tar", f"--prefix={prefix}", commit)


def _write_bom(commit: str, path: Path) -> None:
    """Write the CycloneDX bill of materials of a commit, with the time of the commit."""
    options = ("--output-reproducible", "--pyproject", "pyproject.toml", "--output-file", str(path))
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", *options]
    environment = os.environ | {"SOURCE_DATE_EPOCH": git("show", "--no-patch", "--format=%ct", commit).decode().strip()}
    with TemporaryDirectory() as folder:
        for name in ("requirements.txt", "pyproject.toml"):
            Path(folder, name).write_bytes(git("show", f"{commit}:{name}"))
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    bom = release_bom.with_vendored(json.loads(path.read_bytes()), _vendored(commit))
    path.write_text(json.dumps(bom, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _vendored(commit: str) -> dict[str, bytes]:
    """Return the files of a commit that contain or describe npm packages that pages load."""
    listed = git("ls-tree", "-r", "-z", "--name-only", commit, release_bom.VENDOR, release_bom.LOCK)
    return {name: git("show", f"{commit}:{name}") for name in listed.decode().split("\0") if name}


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the files of a release again.")
    parser.add_argument("version")
    version = parser.parse_args().version
    DIST.mkdir(exist_ok=True)
    try:
        commit = git("rev-parse", f"{tag_of(version)}^{{commit}}").decode().strip()
    except subprocess.CalledProcessError:
        parser.error(f"there is no tag {tag_of(version)}")
    for path in write_files(commit, version, DIST):
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
