"""Adds the npm packages in `static/vendor` to the CycloneDX bill of materials of a release."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

VENDOR = "static/vendor/"
VERSIONS, LOCK = f"{VENDOR}versions.json", "package-lock.json"

Component = dict[str, Any]


def with_vendored(bom: Component, files: Mapping[str, bytes]) -> Component:
    """Return the bill of materials with the packages in `static/vendor` as further dependencies of the project.

    `files` are the contents of `package-lock.json` and of all files under `static/vendor`, by path.
    """
    added = vendored_components(files)
    references, root = [one["bom-ref"] for one in added], bom["metadata"]["component"]["bom-ref"]
    known = {one["ref"]: one for one in [*bom["dependencies"], *({"ref": one} for one in references)]}
    known[root] = known[root] | {"dependsOn": sorted([*known[root].get("dependsOn", ()), *references])}
    return bom | {
        "components": [*bom["components"], *added],
        "dependencies": sorted(known.values(), key=lambda one: one["ref"]),
    }


def vendored_components(files: Mapping[str, bytes]) -> list[Component]:
    """Return a component for each package in `static/vendor`, with its files as components inside it."""
    locked = json.loads(files[LOCK])["packages"]
    packages = sorted(json.loads(files[VERSIONS]).items())
    return [
        _package(
            entry,
            {path: content for path, content in files.items() if path.startswith(f"{VENDOR}{folder}/")},
            locked.get(f"node_modules/{entry['package']}", {}).get("integrity"),
        )
        for folder, entry in packages
    ]


def _package(entry: Mapping[str, Any], files: Mapping[str, bytes], integrity: str | None) -> Component:
    """`integrity` is the hash of the package's archive in the registry, if the package is in `package-lock.json`."""
    scope, _, name = entry["package"].rpartition("/")
    # https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md
    purl = f"pkg:npm/{quote(entry['package'])}@{entry['version']}"
    component = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": entry["version"],
        "purl": purl,
        "licenses": [_license(entry["licence"])],
        "components": [_file(path, content) for path, content in sorted(files.items())],
    }
    if scope:
        component["group"] = scope
    if integrity:
        algorithm, _, digest = integrity.partition("-")
        name_of = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
        component["hashes"] = [{"alg": name_of[algorithm], "content": base64.b64decode(digest).hex()}]
    return component


def _license(spdx: str) -> Component:
    if " " in spdx:  # an expression, as in "MIT AND OFL-1.1"
        return {"expression": spdx, "acknowledgement": "declared"}
    return {"license": {"id": spdx, "acknowledgement": "declared"}}


def _file(path: str, content: bytes) -> Component:
    digest = hashlib.sha256(content).hexdigest()
    return {"type": "file", "bom-ref": path, "name": path, "hashes": [{"alg": "SHA-256", "content": digest}]}
