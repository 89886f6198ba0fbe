"""Overwrites the metadata of HEIC and AVIF files in place. The items of a file are listed in its box `meta`: `iinf` has
their types, `iloc` the places of their bytes."""

import struct
from collections.abc import Iterator
from typing import IO

from messaging.uploads.iso_media import Box, boxes, find_boxes

NO_EXIF = bytes(4) + b"MM\0*" + struct.pack(">LHL", 8, 0, 0)
"""EXIF data without entries. Some programs refuse a picture whose EXIF data is only zeros."""
METADATA_ITEMS = {b"Exif": NO_EXIF, b"mime": b"", b"uri ": b""}
"""What replaces the first bytes of an item; the others are replaced by zeros."""
IN_FILE, IN_BOX = 0, 1
MAX_ITEMS = 10_000


class _Reader:
    """Reads numbers of a box, one after the other."""

    def __init__(self, file: IO[bytes], box: Box) -> None:
        file.seek(box.content)
        self._data = file.read(min(box.end - box.content, 16 * MAX_ITEMS))
        self._place = 0

    def bytes(self, size: int) -> bytes:
        found = self._data[self._place : self._place + size]
        if len(found) < size:
            raise ValueError("The box ends too early.")
        self._place += size
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.bytes(size), "big")


def blank_items(file: IO[bytes]) -> bool:
    """Overwrite the items of metadata. Returns False for a file whose items cannot be found.

    Raises `ValueError` for a damaged list of items.
    """
    meta = next(find_boxes(file, b"meta"), None)
    parts = {} if meta is None else {box.type: box for box in boxes(file, meta.content + 4, meta.end)}
    if not {b"iinf", b"iloc"} <= parts.keys():
        return False
    wanted = dict(_items_of_metadata(file, parts[b"iinf"]))
    for item, start, length in list(_places(file, parts)):
        if item in wanted:
            if start is None:
                return False
            file.seek(start)
            file.write(wanted[item].ljust(length, b"\0")[:length])
    return True


def _items_of_metadata(file: IO[bytes], box: Box) -> Iterator[tuple[int, bytes]]:
    """Yield each item of metadata, and what replaces it."""
    head = _Reader(file, box)
    count_size = 2 if head.number(4) >> 24 == 0 else 4
    for entry in list(boxes(file, box.content + 4 + count_size, box.end)):
        read = _Reader(file, entry)
        version = read.number(4) >> 24
        if version < 2:
            raise ValueError("The item has no type.")
        item = read.number(2 if version == 2 else 4)
        read.number(2)
        kind = read.bytes(4)
        if kind in METADATA_ITEMS:
            yield item, METADATA_ITEMS[kind]


def _places(file: IO[bytes], parts: dict[bytes, Box]) -> Iterator[tuple[int, int | None, int]]:
    """Yield the item, the first byte and the length of each part of an item. The first byte is None for a part that is
    stored in another item."""
    size = file.seek(0, 2)
    read = _Reader(file, parts[b"iloc"])
    version = read.number(4) >> 24
    sizes = read.number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    for _ in range(min(read.number(wide), MAX_ITEMS)):
        item = read.number(wide)
        method = read.number(2) & 15 if version else IN_FILE
        read.number(2)
        base = read.number(base_size)
        for _ in range(read.number(2)):
            read.number(index_size if version else 0)
            start, length = base + read.number(offset_size), read.number(length_size)
            start += parts[b"idat"].content if method == IN_BOX else 0
            yield item, start if method in {IN_FILE, IN_BOX} else None, max(0, min(length or size, size - start))
