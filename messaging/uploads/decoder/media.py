"""Videos and sounds: rewriting without metadata, length, size and first picture. Nothing is encoded anew."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from messaging.uploads import iso_media
from messaging.uploads.iso_media import Box, boxes, find_boxes

_HANDLERS = {b"vide", b"soun"}
_METADATA_BOXES = {b"udta", b"meta", b"uuid", b"XMP_", b"thmb"}
_ZEROS = bytes(64 * 1024)


def opened(path: Path, form: str) -> Any:
    """Open a file with PyAV, which is imported only now: it takes longer than a small picture."""
    import av  # noqa: PLC0415

    av.logging.set_level(None)
    options = {"protocol_whitelist": "file"}
    return av.open(str(path), format=form, options=options, metadata_errors="ignore")


def has_other_tracks(file: IO[bytes]) -> bool:
    """Return whether a file has tracks besides video and sound, such as the places along the way."""
    return bool(set(iso_media.track_handlers(file)) - _HANDLERS)


def rewrite(source: Path, target: Path) -> None:
    """Copy the packets of video and sound into a new file, with the index at its beginning and without metadata.

    Raises `ValueError` for a file without packets, and errors of PyAV.
    """
    import av  # noqa: PLC0415

    with source.open("rb") as file:
        brand = (iso_media.brands(file.read(256)) or [b"qt  "])[0]
    form = "mov" if brand == b"qt  " else "3gp" if brand[:2] == b"3g" else "mp4"
    options = {"movflags": "faststart"}
    with opened(source, "mov") as read, av.open(str(target), "w", format=form, options=options) as written:
        copies = {
            one.index: written.add_stream_from_template(one) for one in (*read.streams.video, *read.streams.audio)
        }
        count = 0
        for packet in read.demux(*(read.streams[index] for index in copies)):
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                written.mux(packet)
                count += 1
    if not count:
        raise ValueError("The file has no packets.")


def blank(file: IO[bytes]) -> bool:
    """Overwrite the metadata of a file in place; its boxes become free space. Returns False if there may be more."""
    if set(iso_media.track_handlers(file)) - _HANDLERS or not any(find_boxes(file, b"moov")):
        return False
    for box in list(_metadata(file, 0, None)):
        file.seek(box.start + 4)
        file.write(b"free")
        for place in range(box.content, box.end, len(_ZEROS)):
            file.seek(place)
            file.write(_ZEROS[: box.end - place])
    return True


def _metadata(file: IO[bytes], start: int, end: int | None) -> Iterator[Box]:
    for box in list(boxes(file, start, end)):
        if box.type in _METADATA_BOXES:
            yield box
        elif box.type in iso_media.CONTAINERS:
            yield from _metadata(file, box.content, box.end)


def duration_of(container: Any) -> float | None:
    """Return the length in seconds, by the packets: the length in a recording's head is often absent or wrong."""
    first, last = math.inf, 0.0
    for packet in container.demux(*container.streams.video, *container.streams.audio):
        if packet.pts is not None and packet.time_base is not None:
            first = min(first, float(packet.pts * packet.time_base))
            last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return round(last - max(0.0, first), 3) if last > 0 else None


def size_of(stream: Any) -> tuple[int | None, int | None]:
    """Return width and height of a video in pixels as they are stored, with square pixels; None if unknown."""
    width, height = stream.codec_context.width, stream.codec_context.height
    return (round(width * float(stream.sample_aspect_ratio or 1)), height) if width and height else (None, None)


def first_picture(container: Any, stream: Any) -> Any:
    """Return the first frame of a video, and seek back; None without one."""
    stream.codec_context.thread_count = 1
    stream.thread_type = "NONE"
    frame = next(container.decode(stream), None)
    container.seek(0)
    return frame
