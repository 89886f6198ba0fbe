"""The decoder of uploaded files: time and memory of its process, for pictures and a video."""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy
from PIL import Image

from benchmarks.environment import Environment
from tests.harness.environment import ROOT
from tests.harness.files import picture, two_colors
from tests.harness.processes import run

MEGABYTES, SECONDS = 512, 10
"""The defaults of `DECODE_MEGABYTES` and `DECODE_SECONDS`."""
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A small process that starts another one and prints its largest memory, in KiB. A large process would be counted too,
because the kernel counts memory from before the program is replaced."""


def measure(environment: Environment, megapixels: int, megabytes: int, rounds: int) -> list[dict[str, Any]]:
    """Return for each file its `label` and the results of all rounds: `seconds` and `memory_mib`."""
    noise = _noise(megapixels)
    samples: dict[str, tuple[str, Callable[[], bytes]]] = {
        f"JPEG, {megapixels} megapixels": ("image/jpeg", lambda: picture("JPEG", noise, quality=90)),
        f"PNG, {megapixels} megapixels": ("image/png", lambda: picture("PNG", noise, compress_level=1)),
        f"HEIC, {megapixels} megapixels": ("image/heic", lambda: picture("HEIF", noise, quality=60)),
        f"MOV, {megabytes} MB, index at its end": ("video/quicktime", lambda: _film(megabytes)),
    }
    found = []
    for label, (content_type, made) in samples.items():
        source = environment.home / "source"
        source.write_bytes(made())
        found.append({"label": label, "rounds": [_round(source, content_type) for _ in range(rounds)]})
        source.unlink()
    return found


def _round(source: Path, content_type: str) -> dict[str, float]:
    with TemporaryDirectory(dir=source.parent) as folder:
        job = {
            "source": str(source),
            "content_type": content_type,
            "folder": folder,
            "max_pixels": 1_000_000_000,
            "megabytes": MEGABYTES,
            "seconds": SECONDS * 6,
            "exiftool": shutil.which("exiftool") or "",
        }
        command = [sys.executable, "-m", "messaging.uploads.decoder", json.dumps(job)]
        begin = time.monotonic()
        memory = int(run(sys.executable, "-c", MEASURED, *command, cwd=ROOT))
        seconds = time.monotonic() - begin
        result = json.loads(Path(folder, "result.json").read_text())
    if result["fault"] or not result["has_thumbnail"] or not result["metadata_removed"]:
        raise RuntimeError(f"{content_type} was not decoded: {result}")
    return {"seconds": seconds, "memory_mib": memory / 1024}


def _noise(megapixels: int) -> Image.Image:
    """Return a picture of this size that is not easy to compress."""
    width = round((megapixels * 1_000_000 * 4 / 3) ** 0.5)
    height = width * 3 // 4
    return Image.effect_noise((width // 8, height // 8), 80).resize((width, height)).convert("RGB")


def _film(megabytes: int) -> bytes:
    """Return a video of a picture, with so much sound that it has this size."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "film")
        with av.open(str(path), "w", format="mov") as container:
            video = container.add_stream("mpeg4", rate=1)
            video.width, video.height, video.pix_fmt = 1280, 720, "yuv420p"
            sound = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
            container.mux(video.encode(av.VideoFrame.from_image(two_colors((1280, 720)))))
            container.mux(video.encode(None))
            samples = numpy.zeros((1, 5_000), dtype="int16")
            for number in range(megabytes * 100):
                frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
                frame.sample_rate, frame.pts = 48_000, number * 5_000
                container.mux(sound.encode(frame))
        return path.read_bytes()
