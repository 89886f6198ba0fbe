"""Removes metadata: places, serial numbers, names of owners, and everything else that does not change what is seen.

exiftool does it where it is installed. Without it, or where it fails, the functions of `segments` and `media` do it.
"""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from messaging.uploads import iso_media
from messaging.uploads.decoder import media, segments
from messaging.uploads.decoder.job import Job
from messaging.uploads.decoder.types import ISO_MEDIA

KEPT_PARTS = {
    "image/jpeg": ("-all=", "--jfif:all", "--icc_profile:all", "-trailer:all=", "-tagsfromfile", "@", "-Orientation"),
    "image/png": ("-fast", "-all=", "--icc_profile:all", "-tagsfromfile", "@", "-Orientation"),
    "image/webp": ("-all=", "--icc_profile:all", "-tagsfromfile", "@", "-Orientation"),
    "image/tiff": ("-all=", "-CommonIFD0=", "--icc_profile:all", "-tagsfromfile", "@", "-Orientation"),
}
"""exiftool's arguments by type. `-fast` stops at the pixels of a PNG, because checking their sums takes long; what
follows them is dropped afterwards. The other types have `-all=`: orientation and colors are not metadata there."""


def clean(job: Job) -> bool:
    """Write the file without metadata to `job.cleaned`. Return False if it cannot be done."""
    return any(_succeeds(way, job) for way in CLEANERS[job.content_type])


def _succeeds(way: "Cleaner", job: Job) -> bool:
    job.cleaned.unlink(missing_ok=True)
    try:
        return way(job)
    except Exception:  # damaged files cause many kinds of errors; the next way is tried
        return False


def by_exiftool(job: Job) -> bool:
    """Remove metadata without touching what is seen. Returns False if exiftool is missing or fails."""
    if not job.exiftool:
        return False
    kept = KEPT_PARTS.get(job.content_type, ("-all=",))
    command = [job.exiftool, "-config", "", "-m", "-q", "-q", *kept, "-o", str(job.cleaned), "--", job.source]
    try:
        done = subprocess.run(  # noqa: S603 (a list of arguments, after `--` the path of a file)
            command,
            check=False,
            timeout=max(1, job.seconds * 0.6),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and job.cleaned.exists()


def by_both(job: Job) -> bool:
    """Remove metadata with exiftool, and then all parts that exiftool does not know."""
    if not by_exiftool(job):
        return False
    first = job.cleaned.with_name("first")
    job.cleaned.rename(first)
    segments.DROPPERS[job.content_type](first, job.cleaned)
    first.unlink()
    return True


def by_segments(job: Job) -> bool:
    segments.DROPPERS[job.content_type](Path(job.source), job.cleaned)
    return True


def media_by_exiftool(job: Job) -> bool:
    """Remove metadata of a video. It is also rewritten if its index is at its end, or if it has tracks of metadata."""
    with open(job.source, "rb") as file:
        needs_rewriting = iso_media.has_index_behind_content(file) or media.has_other_tracks(file)
    if not by_exiftool(job):
        return False
    if needs_rewriting:
        first = job.cleaned.with_name("first")
        job.cleaned.rename(first)
        media.rewrite(first, job.cleaned)
        first.unlink()
    return True


def media_by_rewriting(job: Job) -> bool:
    media.rewrite(Path(job.source), job.cleaned)
    return True


def by_blanking(job: Job) -> bool:
    """Copy the file and overwrite its metadata with zeros. Works for damaged files, too."""
    shutil.copyfile(job.source, job.cleaned)
    with job.cleaned.open("r+b") as file:
        return media.blank(file)


Cleaner = Callable[[Job], bool]
_PICTURES = (by_both, by_segments)
_MEDIA = (media_by_exiftool, media_by_rewriting, by_blanking)
CLEANERS: dict[str, tuple[Cleaner, ...]] = {
    **dict.fromkeys(("image/jpeg", "image/png", "image/webp"), _PICTURES),
    **dict.fromkeys(("image/heic", "image/avif", "image/tiff", "image/vnd.adobe.photoshop"), (by_exiftool,)),
    **dict.fromkeys(ISO_MEDIA, _MEDIA),
}
"""The ways to remove metadata of a type, the best one first."""
