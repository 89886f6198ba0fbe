"""The bill of materials of a release contains the npm packages whose files pages load."""

import hashlib
import json
from typing import Any

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from scripts.release_bom import LOCK, VENDOR, VERSIONS, vendored_components, with_vendored
from tests.harness.environment import ROOT

FILES = {
    str(path.relative_to(ROOT)): path.read_bytes()
    for path in [ROOT / LOCK, *(path for path in (ROOT / VENDOR).rglob("*") if path.is_file())]
}
TABLE = json.loads(FILES[VERSIONS])
PYTHON = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {"component": {"type": "application", "name": "stoory", "version": "1.2.3", "bom-ref": "root"}},
    "components": [{"type": "library", "name": "django", "version": "5.2.19", "bom-ref": "requirements-L1"}],
    "dependencies": [{"ref": "requirements-L1"}, {"ref": "root", "dependsOn": ["requirements-L1"]}],
}


def read(bom: dict[str, Any]) -> Bom:
    """Read the bill of materials with the library. Raises `AssertionError` if it does not match the schema."""
    text = json.dumps(bom)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return Bom.from_json(json.loads(text))


def test_it_contains_every_vendored_package_and_file():
    found = read(with_vendored(PYTHON, FILES))
    vendored = {str(one.purl): one for one in found.components if one.purl}
    assert len(vendored) == len(TABLE)
    for folder, entry in TABLE.items():
        scope, _, name = entry["package"].rpartition("/")
        package = vendored[PackageURL("npm", scope, name, entry["version"]).to_string()]
        assert (package.group or "", package.name, package.version) == (scope, name, entry["version"])
        assert [getattr(one, "id", None) or one.value for one in package.licenses] == [entry["licence"]]
        hashes = {one.name: next(iter(one.hashes)).content for one in package.components}
        contents = {path: content for path, content in FILES.items() if path.startswith(f"{VENDOR}{folder}/")}
        assert hashes == {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
        assert set(entry["files"].values()) <= set(hashes.values())


def test_it_contains_the_fonts_and_the_icons():
    named = {one["name"] for package in vendored_components(FILES) for one in package["components"]}
    assert f"{VENDOR}lucide/sprite.svg" in named
    assert any(name.endswith(".woff2") for name in named)


def test_the_project_depends_on_the_vendored_packages():
    found = with_vendored(PYTHON, FILES)
    (root,) = [one for one in found["dependencies"] if one["ref"] == "root"]
    purls = {one["purl"] for one in vendored_components(FILES)}
    assert set(root["dependsOn"]) == {"requirements-L1", *purls}
    assert purls < {one["ref"] for one in found["dependencies"]}


def test_a_package_of_the_lock_has_the_hash_of_its_archive():
    lock = json.loads(FILES[LOCK])["packages"]
    for one in vendored_components(FILES):
        name = f"node_modules/{one['group'] + '/' if 'group' in one else ''}{one['name']}"
        assert ("hashes" in one) == (name in lock), name


def small(package: str, integrity: str | None) -> dict[str, bytes]:
    table = {"one": {"package": package, "version": "1.2.3", "licence": "MIT", "files": {}}}
    lock = {"packages": {f"node_modules/{package}": {"integrity": integrity}} if integrity else {}}
    files = {f"{VENDOR}one/a.js": b"a", f"{VENDOR}one/sub/b.js": b"b", f"{VENDOR}one-more/c.js": b"c"}
    return files | {VERSIONS: json.dumps(table).encode(), LOCK: json.dumps(lock).encode()}


@pytest.mark.parametrize(
    ("package", "purl"),
    [("one", "pkg:npm/one@1.2.3"), ("@scope/one", "pkg:npm/%40scope/one@1.2.3"), ("one.js", "pkg:npm/one.js@1.2.3")],
)
def test_a_package_has_the_purl_of_npm(package, purl):
    (one,) = vendored_components(small(package, None))
    assert (one["purl"], one["bom-ref"]) == (purl, purl)
    assert [file["name"] for file in one["components"]] == [f"{VENDOR}one/a.js", f"{VENDOR}one/sub/b.js"]
    read(with_vendored(PYTHON, small(package, None)))


@pytest.mark.parametrize(
    ("integrity", "hashes"),
    [
        (None, None),
        ("sha512-7iaw3Ur350mqGo7jwQrpkj9hiYB3Lkc/iBml1JQODbJ6wYX4oOHV+E+IvIh/1nsUNzLDBMxfqa2Ob1f1ACio/w==", "SHA-512"),
        ("sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "SHA-256"),
    ],
)
def test_the_hash_of_the_archive_is_converted(integrity, hashes):
    (one,) = vendored_components(small("one", integrity))
    assert [found["alg"] for found in one.get("hashes", ())] == ([hashes] if hashes else [])
    read(with_vendored(PYTHON, small("one", integrity)))
