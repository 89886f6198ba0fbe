#!/usr/bin/env bash
# Believed: Pillow can save a picture in mode "I" (32-bit integers) as a PNG with 16-bit gray, as older versions did.
# Is so: Pillow 13 raises OSError ("cannot write mode I as PNG"). It saves modes "I;16" and "L" as before.
# Versions: Pillow 13.0.0, Python 3.11. Pillow 11.2.1 saves the same picture.
# Seen: when thumbnails of pictures in every mode were created.
# Why it matters: a thumbnail or an export that keeps the mode of its source fails for pictures in mode "I", which are
#   rare. Convert them to "I;16" or "L" before saving.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 11.2.1 13.0.0; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "Pillow==$version"
  "$folder/$version/bin/python" - "$version" <<'PYTHON'
import io
import sys

from PIL import Image

version, outcomes = sys.argv[1], {}
for mode in ("I", "I;16", "L"):
    try:
        Image.new(mode, (4, 4), 200).save(io.BytesIO(), "PNG")
        outcomes[mode] = "saved"
    except OSError as fault:
        outcomes[mode] = f"OSError: {fault}"
    print(f"Pillow {version}, mode {mode}: {outcomes[mode]}")
expected = {"11.2.1": "saved", "13.0.0": "OSError: cannot write mode I as PNG"}[version]
assert outcomes == {"I": expected, "I;16": "saved", "L": "saved"}
PYTHON
done
