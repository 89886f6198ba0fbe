"""Drops the segments and chunks of metadata of JPEG, PNG and WebP files, without decoding the picture.

The order of the parts, and all parts that change what is seen, stay: colors, transparency, animation, orientation.
A file that ends too early is kept as far as it goes. What follows the end of the picture is dropped.
"""

import mmap
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

Dropper = Callable[[Path, Path], None]

MAX_PROFILE = 4 * 1024 * 1024
_ORIENTATION = 0x0112
_JPEG_KEPT_APPS = {0xE0: (b"JFIF\0", b"JFXX\0"), 0xE2: (b"ICC_PROFILE\0",), 0xEE: (b"Adobe",)}
_PNG_KEPT = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"bKGD"),
    *(b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT", b"mDCV", b"cLLI"),
}
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}


def orientation_of(tiff: bytes) -> int:
    """Return the orientation, 1 to 8, that EXIF data states; 1 if it states none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        start = struct.unpack_from(f"{order}L", tiff, 4)[0]
        count = struct.unpack_from(f"{order}H", tiff, start)[0]
        for entry in range(start + 2, start + 2 + 12 * min(count, 200), 12):
            tag, _, _, value = struct.unpack_from(f"{order}HHLH", tiff, entry)
            if tag == _ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def orientation_data(orientation: int) -> bytes:
    """Return EXIF data that states the orientation and nothing else."""
    return b"MM\0*" + struct.pack(">LHHHLHHL", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)


def _write(source: Path, target: Path, parts: Callable[[mmap.mmap], Iterator[bytes]]) -> None:
    with (
        source.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        target.open("wb") as written,
    ):
        written.writelines(parts(content))


def _jpeg(content: mmap.mmap) -> Iterator[bytes]:
    yield b"\xff\xd8"
    place, orientation, head = 2, 1, []
    while (place := _next_marker(content, place)) >= 0:
        marker = content[place + 1]
        if marker == 0xD9:
            break
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        segment = content[place : place + 2 + length]
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0" and orientation == 1:
            orientation = orientation_of(segment[10:])
        elif _is_kept(marker, segment):
            head.append(segment)
        place += 2 + max(length, 2)
        if marker == 0xDA:
            yield from _with_orientation(head, orientation)
            head, orientation = [], 1
            end = _end_of_scan(content, place)
            yield content[place:end]
            place = end
    yield from _with_orientation(head, orientation)
    yield b"\xff\xd9"


def _next_marker(content: mmap.mmap, place: int) -> int:
    """Return the position of the next marker, after bytes that fill the space between segments; -1 at the end."""
    while (place := content.find(b"\xff", place)) >= 0:
        if place + 1 >= len(content):
            return -1
        if content[place + 1] not in {0x00, 0xFF, 0x01, *range(0xD0, 0xD9)}:
            return place
        place += 1
    return -1


def _end_of_scan(content: mmap.mmap, place: int) -> int:
    """Return the position of the marker that ends the scan; the end of a file that ends too early."""
    while (place := content.find(b"\xff", place)) >= 0:
        following = content[place + 1 : place + 2]
        if following and following[0] and not 0xD0 <= following[0] <= 0xD7 and following != b"\xff":
            return place
        place += 1
    return len(content)


def _is_kept(marker: int, segment: bytes) -> bool:
    if 0xE0 <= marker <= 0xEF:
        return segment[4:].startswith(_JPEG_KEPT_APPS.get(marker, ())) and bool(_JPEG_KEPT_APPS.get(marker))
    return marker != 0xFE


def _with_orientation(segments: list[bytes], orientation: int) -> Iterator[bytes]:
    """Yield the segments, with the orientation after the head of JFIF."""
    is_jfif = bool(segments) and segments[0][1] == 0xE0
    yield from segments[:is_jfif]
    if orientation != 1:
        data = b"Exif\0\0" + orientation_data(orientation)
        yield b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data
    yield from segments[is_jfif:]


def _png(content: mmap.mmap) -> Iterator[bytes]:
    yield content[:8]
    place, orientation = 8, 1
    while place + 8 <= len(content):
        length, name = int.from_bytes(content[place : place + 4], "big"), content[place + 4 : place + 8]
        if name == b"eXIf":
            orientation = orientation_of(content[place + 8 : place + 8 + length])
        if name in {b"IDAT", b"IEND"} and orientation != 1:
            yield _png_chunk(b"eXIf", orientation_data(orientation))
            orientation = 1
        if name in _PNG_KEPT and (name != b"iCCP" or _is_profile(content[place + 8 : place + 8 + length])):
            yield content[place : place + 12 + length]
        if name == b"IEND":
            return
        place += 12 + length


def _is_profile(data: bytes) -> bool:
    """Whether a chunk has a profile of colors that can be read. Libraries refuse a whole picture for another one."""
    name, end, packed = data.partition(b"\0")
    try:
        return bool(name and end and packed[:1] == b"\0" and zlib.decompressobj().decompress(packed[1:], MAX_PROFILE))
    except zlib.error:
        return False


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def _webp(content: mmap.mmap) -> Iterator[bytes]:
    chunks, orientation = [], 1
    place, end = 12, min(len(content), 8 + int.from_bytes(content[4:8], "little"))
    while place + 8 <= end:
        name, length = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        stop = place + 8 + length + length % 2
        if name == b"EXIF":
            orientation = orientation_of(content[place + 8 : place + 8 + length].removeprefix(b"Exif\0\0"))
        elif name in _WEBP_KEPT:
            chunks.append((place, min(stop, len(content))))
        place = stop
    is_extended = bool(chunks) and content[chunks[0][0] :][:4] == b"VP8X"
    exif = _webp_exif(orientation) if is_extended and orientation != 1 else b""
    size = 4 + sum(stop - start for start, stop in chunks) + len(exif)
    yield b"RIFF" + size.to_bytes(4, "little") + b"WEBP"
    for number, (start, stop) in enumerate(chunks):
        chunk = content[start:stop]
        if number == 0 and is_extended:
            flags = chunk[8] & ~0x0C | (0x08 if exif else 0)
            chunk = chunk[:8] + bytes([flags]) + chunk[9:]
        yield chunk
    yield exif


def _webp_exif(orientation: int) -> bytes:
    data = orientation_data(orientation)
    return b"EXIF" + len(data).to_bytes(4, "little") + data


def _dropper(parts: Callable[[mmap.mmap], Iterator[bytes]]) -> Dropper:
    return lambda source, target: _write(source, target, parts)


DROPPERS: dict[str, Dropper] = {
    "image/jpeg": _dropper(_jpeg),
    "image/png": _dropper(_png),
    "image/webp": _dropper(_webp),
}
