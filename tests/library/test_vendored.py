"""Third-party files of the pages are unchanged, and have a version and a license."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from scripts.vendor import committed_path, copy_packages
from tests.harness.environment import ROOT, need_node

VENDOR = ROOT / "static" / "vendor"
TABLE = json.loads((VENDOR / "versions.json").read_text())
LOCKED = json.loads((ROOT / "package-lock.json").read_text())["packages"]
FROM_NPM = [folder for folder, entry in TABLE.items() if f"node_modules/{entry['package']}" in LOCKED]
INSTRUCTION = "Run `make vendor` and commit static/vendor."


def committed(folder: str, path: str) -> bytes:
    """Return a file of a package, by its path in the package."""
    return (VENDOR / folder / committed_path(path)).read_bytes()


def test_every_package_has_a_licence_and_a_version() -> None:
    assert sorted(TABLE) == sorted(folder.name for folder in VENDOR.iterdir() if folder.is_dir())
    for folder, entry in TABLE.items():
        assert "LICENSE" in entry["files"] | entry.get("added", {}), folder
        assert len(committed(folder, "LICENSE")) > 500, folder
        assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"]), folder
        assert entry["licence"] in {"ISC", "MIT", "OFL-1.1", "BSD-3-Clause", "MIT AND OFL-1.1"}, folder


CHECKSUMS = {
    (folder, path): checksum
    for folder, entry in TABLE.items()
    for path, checksum in (entry["files"] | entry.get("added", {})).items()
}


@pytest.mark.parametrize(("folder", "path"), CHECKSUMS)
def test_every_file_has_its_checksum(folder: str, path: str) -> None:
    assert hashlib.sha256(committed(folder, path)).hexdigest() == CHECKSUMS[folder, path], INSTRUCTION


@pytest.mark.parametrize("folder", FROM_NPM)
def test_only_files_that_a_package_lacks_are_added_to_it(folder: str) -> None:
    need_node()
    for path in TABLE[folder].get("added", {}):
        assert not (ROOT / "node_modules" / TABLE[folder]["package"] / path).exists(), f"{path} comes from the package."


def test_socket_io_client_is_a_package_of_npm() -> None:
    assert "socket.io-client" in FROM_NPM


@pytest.mark.parametrize("folder", FROM_NPM)
def test_a_package_of_npm_has_the_locked_version(folder: str) -> None:
    entry = TABLE[folder]
    assert entry["version"] == LOCKED[f"node_modules/{entry['package']}"]["version"], INSTRUCTION


@pytest.mark.parametrize("folder", FROM_NPM)
def test_a_package_of_npm_equals_the_installed_one(folder: str) -> None:
    need_node()
    package = ROOT / "node_modules" / TABLE[folder]["package"]
    assert json.loads((package / "package.json").read_text())["version"] == TABLE[folder]["version"], INSTRUCTION
    for path in TABLE[folder]["files"]:
        assert (package / path).read_bytes() == committed(folder, path), f"{path} differs. {INSTRUCTION}"


def test_the_module_of_the_pages_wraps_the_package() -> None:
    module = (VENDOR / "socket.io-client" / "index.js").read_text()
    assert "import './socket.io.min.js';" in module
    assert b"Socket.IO v" + TABLE["socket.io-client"]["version"].encode() in committed(
        "socket.io-client", "dist/socket.io.min.js"
    )


def test_the_module_for_resumable_uploads_wraps_the_package() -> None:
    assert "import './tus.min.js';" in (VENDOR / "tus-js-client" / "index.js").read_text()
    assert b".tus=" in committed("tus-js-client", "dist/tus.min.js")


def test_every_imported_module_of_lit_html_exists() -> None:
    folder = VENDOR / "lit-html"
    modules = {path.resolve() for path in folder.rglob("*.js")}
    imported = {
        (path.parent / name).resolve()
        for path in modules
        for name in re.findall(r'from"(\.[^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert imported
    assert imported <= modules
    assert {str(path.relative_to(folder)) for path in modules} <= set(TABLE["lit-html"]["files"])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that vendors the package `a`, whose version on npm is 1.0.0, and `b`, which is not on npm."""
    entries = {
        name: {"package": f"@x/{name}", "version": "0.9.0", "licence": "ISC", "files": {"LICENSE": "", "dist/x.js": ""}}
        for name in ("a", "b")
    }
    for name in entries:
        (tmp_path / "static" / "vendor" / name).mkdir(parents=True)
    (tmp_path / "static" / "vendor" / "versions.json").write_text(json.dumps(entries))
    (tmp_path / "package-lock.json").write_text('{"packages": {"node_modules/@x/a": {"version": "1.0.0"}}}')
    package = tmp_path / "node_modules" / "@x" / "a"
    (package / "dist").mkdir(parents=True)
    (package / "package.json").write_text('{"version": "1.0.0", "license": "MIT"}')
    (package / "LICENSE").write_bytes(b"Do what you like.\r\n")
    (package / "dist" / "x.js").write_bytes(b"let x\n//# sourceMappingURL=x.js.map\n")
    return tmp_path


def test_an_upgrade_copies_the_package_and_writes_version_and_checksums(project: Path) -> None:
    before = json.loads((project / "static" / "vendor" / "versions.json").read_text())
    copy_packages(project)
    copied = project / "static" / "vendor" / "a"
    after = json.loads((project / "static" / "vendor" / "versions.json").read_text())
    assert (copied / "LICENSE").read_bytes() == b"Do what you like.\r\n"
    assert (copied / "x.js").read_bytes() == b"let x\n//# sourceMappingURL=x.js.map\n"
    assert (after["a"]["version"], after["a"]["licence"]) == ("1.0.0", "MIT")
    assert after["a"]["files"] == {
        "LICENSE": hashlib.sha256(b"Do what you like.\r\n").hexdigest(),
        "dist/x.js": hashlib.sha256(b"let x\n//# sourceMappingURL=x.js.map\n").hexdigest(),
    }
    assert after["b"] == before["b"]


def test_an_upgrade_accepts_only_the_locked_version(project: Path) -> None:
    (project / "package-lock.json").write_text('{"packages": {"node_modules/@x/a": {"version": "1.1.0"}}}')
    with pytest.raises(ValueError, match=r"@x/a is 1\.0\.0, not 1\.1\.0\. Run `npm ci`"):
        copy_packages(project)


def test_a_file_missing_from_the_package_is_reported(project: Path) -> None:
    (project / "node_modules" / "@x" / "a" / "dist" / "x.js").unlink()
    with pytest.raises(FileNotFoundError, match=r"dist/x\.js"):
        copy_packages(project)


def test_the_sprite_contains_exactly_the_used_icons() -> None:
    scripts = "\n".join(path.read_text() for path in (ROOT / "static" / "app").rglob("*.js"))
    source = (VENDOR / "lucide" / "sprite.svg").read_text()
    assert f"lucide-static {TABLE['lucide']['version']}," in source
    sprite = set(re.findall(r'<symbol id="([^"]+)"', source))
    used = {name for name in sprite if f"'{name}'" in scripts}
    named = set(re.findall(r"\b(?:icon|iconButton|line)\('([a-z0-9-]+)'", scripts))
    assert named <= sprite
    assert used == sprite
