"""`python scripts/vendor.py`: copy the files of npm packages that pages load to `static/vendor`, byte for byte.

`static/vendor/versions.json` names each package with its version, its license, and the SHA-256 checksum of each file by
its path in the package. Packages in `package-lock.json` are copied again from `node_modules`. `added` are files that
the package lacks, such as the text of its license.
"""

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def copy_packages(root: Path) -> None:
    """Copy the files and write their versions and checksums.

    Raises `ValueError` if `node_modules` has another version than `package-lock.json`, and `OSError` if a file is
    missing.
    """
    table = root / "static" / "vendor" / "versions.json"
    folders = json.loads(table.read_text(encoding="utf-8"))
    locked = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for folder, entry in folders.items():
        place = f"node_modules/{entry['package']}"
        if place not in locked:
            continue
        installed = json.loads((root / place / "package.json").read_text(encoding="utf-8"))
        entry.update(version=locked[place]["version"], licence=installed["license"])
        if installed["version"] != entry["version"]:
            raise ValueError(f"{place} is {installed['version']}, not {entry['version']}. Run `npm ci`.")
        for path in entry["files"]:
            content = (root / place / path).read_bytes()
            copy = table.parent / folder / committed_path(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            entry["files"][path] = hashlib.sha256(content).hexdigest()
    table.write_text(json.dumps(folders, indent=2) + "\n", encoding="utf-8")


def committed_path(path: str) -> str:
    """Return the path under `static/vendor/NAME` of a file, from its path in the package."""
    return path.removeprefix("dist/").removeprefix("files/")


if __name__ == "__main__":
    try:
        copy_packages(ROOT)
    except OSError as error:
        sys.exit(f"{error}. Run `npm ci`, or correct `static/vendor/versions.json`.")
    except ValueError as error:
        sys.exit(str(error))
