"""What is known of a picture, video or sound, and what shows it: thumbnail, placeholder, rendition."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from messaging.uploads.decoder import media, pictures
from messaging.uploads.decoder.job import Job, Result
from messaging.uploads.decoder.types import MEDIA, PICTURES


def examine(job: Job, source: Path, result: Result, save: Callable[[], None]) -> None:
    """Complete the result. What is found before an error stays; the error's type is the result's `fault`. `save` is
    called before the steps that can end this process."""
    save()
    try:
        if job.content_type in PICTURES:
            _picture(job, source, result, save)
        elif job.content_type in MEDIA:
            _media(job, source, result, save)
    except Exception as error:  # damaged files cause many kinds of errors
        result.fault = type(error).__name__


def _picture(job: Job, source: Path, result: Result, save: Callable[[], None]) -> None:
    with pictures.opened(source, job.content_type) as picture:
        result.width, result.height = pictures.size_as_shown(picture)
        save()
        if not pictures.reduce(picture, job.max_pixels):
            result.fault = "TooManyPixels"
            return
        result.rendition_type = pictures.write_rendition(picture, job.content_type, job.rendition)
        _show(job, picture, result)


def _show(job: Job, picture: Any, result: Result) -> None:
    small = pictures.thumbnail(picture)
    small.save(job.thumbnail, "WEBP", quality=80, exif=b"", icc_profile=None)
    result.has_thumbnail = True
    result.placeholder = pictures.placeholder(small)


def _media(job: Job, source: Path, result: Result, save: Callable[[], None]) -> None:
    with media.opened(source, MEDIA[job.content_type]) as container:
        result.duration = media.duration_of(container)
    save()
    if not job.content_type.startswith("video/"):
        return
    with media.opened(source, MEDIA[job.content_type]) as container:
        if not container.streams.video:
            return
        stream = container.streams.video[0]
        size = media.size_of(stream)
        result.width, result.height = size
        save()
        frame = media.first_picture(container, stream)
        if frame is None:
            return
        turns = frame.rotation % 360
        if turns in {90, 270}:
            size = size[1], size[0]
            result.width, result.height = size
        _show(job, pictures.of_frame(frame, turns, size), result)
