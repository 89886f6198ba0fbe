"""The published browser bundle of `socket.io-client`, which the pages load.

It comes from npm, in the version and with the checksum of `package-lock.json`; where there is no npm, or its registry
cannot be reached, out of a wheel on PyPI that carries the same bundle (`requirements-client.txt`).
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "socket.io-client"
BUNDLE = ROOT / "static" / "vendor" / PACKAGE / "socket.io.min.js"


class Unavailable(Exception):
    """This source does not have it; the text says why."""


def from_npm(folder: Path) -> bytes:
    """The bundle of the locked version. Raises `Unavailable`."""
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"][f"node_modules/{PACKAGE}"]
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is not installed")
    _run(npm, "pack", "--silent", "--pack-destination", str(folder), f"{PACKAGE}@{locked['version']}")
    packed = next(folder.glob("*.tgz"))
    checksum = "sha512-" + base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
    if checksum != locked["integrity"]:
        raise Unavailable(f"npm brought another {PACKAGE} than the one of package-lock.json")
    with tarfile.open(packed) as archive:
        bundle = archive.extractfile("package/dist/socket.io.min.js")
        if bundle is None:
            raise Unavailable(f"npm brought a {PACKAGE} without a bundle")
        return bundle.read()


def from_pypi(folder: Path) -> bytes:
    """The bundle that NiceGUI carries. Raises `Unavailable`."""
    quietly = ("--quiet", "--disable-pip-version-check", "--no-input")
    pinned = ("--no-deps", "--require-hashes", "--requirement", str(ROOT / "requirements-client.txt"))
    _run(sys.executable, "-m", "pip", "download", *quietly, *pinned, "--dest", str(folder))
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return wheel.read("nicegui/static/socket.io.min.js")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise Unavailable((done.stderr or done.stdout).strip()[-1000:])


SOURCES: tuple[Callable[[Path], bytes], ...] = (from_npm, from_pypi)


def install() -> None:
    """Fetch the bundle from the first source that has it. Raises `Unavailable`, with what was wrong with each."""
    reasons = []
    for fetch in SOURCES:
        with tempfile.TemporaryDirectory() as folder:
            try:
                script = fetch(Path(folder))
            except Unavailable as error:
                reasons.append(f"{fetch.__name__}: {error}")
                continue
        _write(_without_source_map(script))
        return
    raise Unavailable("\n".join(reasons))


def _write(script: bytes) -> None:
    """Whole or not at all."""
    part = BUNDLE.with_suffix(".part")
    part.write_bytes(script)
    part.replace(BUNDLE)


def _without_source_map(script: bytes) -> bytes:
    """The wheel has no source map, and static files must not name what is not there."""
    lines = script.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"//# sourceMappingURL="))
