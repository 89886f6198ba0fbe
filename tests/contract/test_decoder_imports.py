"""Libraries that read the files of users are imported in the decoder's process only; Django is not imported there."""

import subprocess
import sys

import pytest

from tests.harness.environment import ROOT

DECODERS = ("PIL", "av", "pillow_heif", "thumbhash")


def imported_by(code: str) -> set[str]:
    """Return the packages that are imported after this code ran in a new interpreter."""
    shown = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-c", shown]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True, timeout=300)
    return set(done.stdout.splitlines()[-1].split())


def test_a_server_imports_no_decoder():
    found = imported_by("import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'stoory.settings'; import stoory.asgi")
    assert "messaging" in found
    assert found.isdisjoint(DECODERS)


@pytest.mark.parametrize("content_type", ["image/png", "video/mp4"])
def test_the_decoder_imports_only_what_it_needs(tmp_path, content_type):
    (tmp_path / "source").write_bytes(b"neither a picture nor a video")
    job = {
        **{"source": str(tmp_path / "source"), "content_type": content_type, "folder": str(tmp_path)},
        **{"max_pixels": 1, "megabytes": 512, "seconds": 60, "exiftool": ""},
    }
    found = imported_by(f"import json\nfrom messaging.uploads.decoder.__main__ import main\nmain(json.dumps({job!r}))")
    assert found.isdisjoint({"django", "stoory", "pillow_heif", "numpy"})
    assert ("av" in found) == (content_type == "video/mp4")
