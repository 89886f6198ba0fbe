"""Reads the boxes of ISO media files: MP4, MOV, 3GP, M4A, HEIC and AVIF."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

MAX_BOXES = 4096
"""Boxes of one level that are read; a file with more is damaged or hostile."""
CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts"}


@dataclass(frozen=True)
class Box:
    """A box: its type, its first byte, and the first and last byte of its content."""

    type: bytes
    start: int
    content: int
    end: int


def size_of(file: IO[bytes]) -> int:
    return file.seek(0, 2)


def boxes(file: IO[bytes], start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes between two positions. A box that is longer than the file ends with the file."""
    end = size_of(file) if end is None else end
    for _ in range(MAX_BOXES):
        file.seek(start)
        head = file.read(16)
        if start + 8 > end or len(head) < 8:
            return
        size, content = int.from_bytes(head[:4], "big"), start + 8
        if size == 1:
            size, content = int.from_bytes(head[8:16], "big"), start + 16
        elif size == 0:
            size = end - start
        if start + size < content:
            return
        yield Box(head[4:8], start, content, min(start + size, end))
        start += size


def find_boxes(file: IO[bytes], *path: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes at a path of types, such as `moov`, `trak`, `mdia`, `hdlr`."""
    for box in boxes(file, start, end):
        if box.type == path[0]:
            if len(path) == 1:
                yield box
            else:
                yield from find_boxes(file, *path[1:], start=box.content, end=box.end)


def track_handlers(file: IO[bytes]) -> list[bytes]:
    """Return the handler type of each track, such as `vide`, `soun` or `meta`."""
    found = []
    for box in find_boxes(file, b"moov", b"trak", b"mdia", b"hdlr"):
        file.seek(box.content + 8)
        found.append(file.read(4))
    return found


def brands(head: bytes) -> list[bytes]:
    """Return the major brand and the compatible brands of the first bytes of a file; an empty list without them."""
    if head[4:8] != b"ftyp":
        return []
    listed = head[8 : max(16, min(int.from_bytes(head[:4], "big"), 256))]
    return [listed[:4], *(listed[place : place + 4] for place in range(8, len(listed) - 3, 4))]


def has_index_behind_content(file: IO[bytes]) -> bool:
    """Return whether a player must fetch the end of the file before it can start."""
    order = [box.type for box in boxes(file)]
    return b"moov" in order and b"mdat" in order and order.index(b"moov") > order.index(b"mdat")
