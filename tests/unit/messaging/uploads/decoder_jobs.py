"""Runs the decoder in this process, without its limits, so that many files can be tried."""

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

from messaging.uploads.decoder import cleaning, facts
from messaging.uploads.decoder.job import Job, Result
from tests.harness.environment import need

MAX_PIXELS = 40_000_000


def exiftool() -> str:
    """Return the path of exiftool, or skip the test."""
    return need(shutil.which("exiftool"), "exiftool is not installed (on Debian: libimage-exiftool-perl)")


def job_of(folder: Path, content: bytes, content_type: str, *, tool: str = "", max_pixels: int = MAX_PIXELS) -> Job:
    source = folder / "source"
    source.write_bytes(content)
    return Job(
        source=str(source),
        content_type=content_type,
        folder=str(folder),
        max_pixels=max_pixels,
        megabytes=512,
        seconds=60,
        exiftool=tool,
    )


def cleaned(job: Job) -> bytes:
    """Return the file without its metadata."""
    assert cleaning.clean(job)
    return job.cleaned.read_bytes()


def examined(job: Job) -> Result:
    """Examine the file, after its metadata is removed if possible, as the decoder does."""
    result = Result()
    if job.content_type in cleaning.CLEANERS:
        result.metadata_removed = cleaning.clean(job)
    source = job.cleaned if result.metadata_removed else Path(job.source)
    facts.examine(job, source, result, lambda: None)
    return result


def thumbnail(job: Job) -> Image.Image:
    return Image.open(io.BytesIO(job.thumbnail.read_bytes()))


def close_to(pixel: tuple[int, ...], color: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 40 for one, other in zip(pixel, color, strict=False))


ignoring_damage = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
"""As in production, warnings are not errors: Pillow warns about many kinds of damage."""
