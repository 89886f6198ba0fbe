"""Detects the content type of a file from its content. The name and the client's content type are not trusted: the
name decides only what the content leaves open."""

import re
from collections.abc import Callable
from typing import IO

import puremagic
from django.conf import settings

from foundation.errors import UnsupportedMediaType
from messaging.uploads import archives, iso_media
from messaging.uploads.file_names import ending_of
from messaging.uploads.texts import type_of_text

HEAD_BYTES = 64 * 1024
"""Bytes from the beginning of a file that are enough to detect every type, except of archives and ISO media."""
MAX_BEFORE_PDF = 1024

INLINE_TYPES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp"}
    | {f"video/{one}" for one in ("mp4", "quicktime", "webm", "3gpp", "x-matroska")}
    | {f"audio/{one}" for one in ("mpeg", "mp4", "aac", "amr", "amr-wb", "3gpp", "ogg", "x-wav", "webm", "x-matroska")}
)
"""Types that a browser may show or play in place. All others are only ever saved as files."""

_SIGNATURES = {
    "image/jpeg": rb"\xff\xd8\xff+[\xc0-\xfe]",
    "image/png": rb"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "image/gif": rb"GIF8[79]a.{7}",
    "image/webp": rb"RIFF.{4}WEBPVP8[ LX]",
    "image/bmp": rb"BM.{4}\0{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0{3}",
    "image/tiff": rb"(?:II\*\0|MM\0\*)",
    "image/vnd.adobe.photoshop": rb"8BPS\0[\1\2]\0{6}",
    "audio/x-wav": rb"RIFF.{4}WAVE",
}
_GUESSES = {"image/x-ms-bmp": "image/bmp", "audio/wave": "audio/x-wav"}
_PLAIN_SIGNATURES = {
    "application/rtf": rb"\{\\rtf",
    "audio/amr": rb"#!AMR\n",
    "audio/amr-wb": rb"#!AMR-WB\n",
    "image/tiff": rb"(?:II\+\0\x08\0|MM\0\+\0\x08)",
}
"""Signatures that the library does not know, or not under this type."""
_COMPILED = {kind: re.compile(one, re.DOTALL) for kind, one in _SIGNATURES.items()}
_COMPILED_PLAIN = {kind: re.compile(one, re.DOTALL) for kind, one in _PLAIN_SIGNATURES.items()}
_PDF = re.compile(rb"%PDF-\d")
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_AVIF = {b"avif", b"avis"}
_QUICKTIME_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_CODECS = re.compile(rb"\x86[\x80-\xff]([VA])_[A-Z]")
_OGG_SOUND = re.compile(rb"OpusHead|\x01vorbis|Speex   |\x7fFLAC")


def shown_inline(content_type: str) -> bool:
    """Return whether a file of this type may be sent as `inline`: pictures that browsers show, video and audio."""
    return content_type in INLINE_TYPES


def content_type_of(file: IO[bytes], name: str = "") -> str:
    """Detect the content type of a file. Raises `UnsupportedMediaType` for types that are not in `UPLOAD_TYPES`."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    found = _detect(file, head, ending_of(name))
    if found not in settings.UPLOAD_TYPES:
        raise UnsupportedMediaType("Files of this type are not accepted.")
    return found


def _detect(file: IO[bytes], head: bytes, ending: str) -> str | None:
    for detected in (
        _by_signature(head),
        _iso_media(file, head),
        _container(file, head, ending),
        _sound(head),
        _pdf(head),
    ):
        if detected:
            return detected
    return type_of_text(file, ending)


def _guesses(head: bytes) -> set[str]:
    try:
        return {_GUESSES.get(one.mime_type, one.mime_type) for one in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return set()


def _by_signature(head: bytes) -> str | None:
    """Return the type of a picture or a sound with a signature. The library's guess is confirmed by more of the first
    bytes, because short signatures also match texts."""
    guesses = _guesses(head)
    candidates = [kind for kind in _COMPILED if kind in guesses and _COMPILED[kind].match(head)]
    candidates += [kind for kind, one in _COMPILED_PLAIN.items() if one.match(head)]
    return next((kind for kind in candidates if kind != "image/gif" or _is_gif(head)), None)


def _is_gif(head: bytes) -> bool:
    colors = 2 << (head[10] & 7) if head[10] & 0x80 else 0
    return head[13 + 3 * colors :][:1] in {b"!", b",", b";"}  # blocks that can follow the colors


def _iso_media(file: IO[bytes], head: bytes) -> str | None:
    brands = iso_media.brands(head)
    if not brands:
        is_old = head[4:8] in _QUICKTIME_BOXES and any(iso_media.find_boxes(file, b"moov"))
        return "video/quicktime" if is_old else None
    major = brands[0]
    if major in _AVIF or (major in {b"mif1", b"msf1"} and _AVIF & set(brands)):
        return "image/avif"
    if major in _HEIC:
        return "image/heic"
    if major == b"qt  ":
        return "video/quicktime"
    handlers = iso_media.track_handlers(file)
    has_picture = major not in {b"M4A ", b"M4B "} and (b"vide" in handlers or b"soun" not in handlers)
    return f"{'video' if has_picture else 'audio'}/{'3gpp' if major[:2] == b'3g' else 'mp4'}"


def _container(file: IO[bytes], head: bytes, ending: str) -> str | None:
    if head[:4] in {b"PK\3\4", b"PK\5\6"}:
        return archives.type_of_zip(file, ending)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return archives.type_of_ole(file)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _matroska(head)
    if head.startswith(b"OggS\0") and _OGG_SOUND.search(head, 0, 4096) and b"theora" not in head[:4096]:
        return "audio/ogg"
    return None


def _matroska(head: bytes) -> str | None:
    form = re.search(rb"\x42\x82[\x80-\xff](webm|matroska)", head[:512])
    if form is None:
        return None
    is_sound = {found[1] for found in _CODECS.finditer(head)} == {b"A"}
    return f"{'audio' if is_sound else 'video'}/{'webm' if form[1] == b'webm' else 'x-matroska'}"


def _pdf(head: bytes) -> str | None:
    return "application/pdf" if _PDF.search(head, 0, MAX_BEFORE_PDF + 6) else None


def _sound(head: bytes) -> str | None:
    """Return the type of an MP3 or AAC file: an ID3 tag, or two frames in sequence."""
    start = 0
    if head.startswith(b"ID3") and len(head) >= 10 and 2 <= head[3] <= 4 and max(head[6:10]) < 0x80:
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        start = 10 + size
        if not _is_chain(head, start, _adts_frame):
            return "audio/mpeg"
    if _is_chain(head, start, _adts_frame):
        return "audio/aac"
    return "audio/mpeg" if _is_chain(head, start, _mpeg_frame) else None


def _is_chain(head: bytes, start: int, length_of: Callable[[bytes], int]) -> bool:
    for _ in range(2):
        length = length_of(head[start : start + 7])
        if not length:
            return False
        start += length
    return True


def _adts_frame(head: bytes) -> int:
    """Return the length of an AAC frame by its head; 0 if it is none."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else 0


_BITRATES = {
    (3, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (3, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (2, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits a second, by version and layer. Versions 2 and 2.5, and their layers, share the last row."""
_RATES = (44_100, 48_000, 32_000)


def _mpeg_frame(head: bytes) -> int:
    """Return the length of an MP3 or MP2 frame by its head; 0 if it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer not in {1, 2} or not 0 < bitrate < 15 or rate == 3:
        return 0
    kilobits = _BITRATES[(3, layer) if version == 3 else (2, 1)][bitrate - 1]
    frequency = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    factor = 72_000 if layer == 1 and version != 3 else 144_000
    return factor * kilobits // frequency + (head[2] >> 1 & 1)
