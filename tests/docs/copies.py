"""Copies of the project that a test can change."""

import os
import shutil
import sys
from pathlib import Path

from tests.docs.blocks import files_of
from tests.harness.environment import ROOT, need_node

SET_UP_FROM = ("requirements*.txt", "package*.json")


def copy_of_project(folder: Path) -> Path:
    """Copy the project into a folder with the installed packages of this project, and return the folder."""
    need_node()
    for path in files_of(ROOT):
        place = folder / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)
    for path in (path for pattern in SET_UP_FROM for path in folder.glob(pattern)):
        os.utime(path, (0, 0))  # older than the installed packages
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder
