"""Detects the content type of a file from its content. The name and the client's content type are ignored."""

import io
import mimetypes
import re
from typing import IO

import filetype
import structlog
from django.conf import settings
from PIL import Image, ImageOps

from foundation.errors import Invalid, UnsupportedMediaType

log = structlog.get_logger(__name__)

Image.MAX_IMAGE_PIXELS = None
"""Pillow's own limit is off; `UPLOAD_MAX_PIXELS` is the only limit."""

HEAD_BYTES = 8192
"""Bytes from the beginning of a file that are enough to detect every known content type."""

PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
EQUIVALENT_TYPES = {"image/apng": "image/png"}
SIGNATURES = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff+[\xc0-\xfe]", re.DOTALL),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", re.DOTALL),
    "image/gif": re.compile(rb"GIF8[79]a.{7}", re.DOTALL),
    "image/webp": re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL),
}
"""The first bytes of pictures. Shorter signatures could match files of other types."""
THUMBNAIL = (400, 400)
THUMBNAIL_TYPE = "image/webp"


def content_type_of(file: IO[bytes]) -> str:
    """Detect the content type of a file. Raises `UnsupportedMediaType` for types that are not in `UPLOAD_TYPES`."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    found = filetype.guess(head)
    kind = EQUIVALENT_TYPES.get(found.mime, found.mime) if found else None
    if kind not in settings.UPLOAD_TYPES or (kind in PICTURES and not _has_signature(kind, head)):
        raise UnsupportedMediaType("Files of this type are not accepted.")
    return kind


def _has_signature(kind: str, head: bytes) -> bool:
    if not SIGNATURES[kind].match(head):
        return False
    if kind != "image/gif":
        return True
    colors = 2 << (head[10] & 7) if head[10] & 0x80 else 0
    return head[13 + 3 * colors :][:1] in {b"!", b",", b";"}  # blocks that can follow the colors


def safe_file_name(name: str, content_type: str) -> str:
    """Return the client's file name without unprintable characters, and with an extension that fits the type."""
    shown = "".join(character for character in name if character.isprintable()).strip(". ") or "file"
    if mimetypes.guess_type(shown)[0] == content_type:
        return shown[-255:]
    return shown[:240] + (mimetypes.guess_extension(content_type) or "")


class _TooManyPixels(Exception):
    """The picture is larger than `UPLOAD_MAX_PIXELS`."""


def thumbnail_of(file: IO[bytes], content_type: str) -> bytes | None:
    """Return a small WebP version of a picture, upright and without metadata. Returns None for a damaged picture and
    for other files.

    Raises `Invalid` for a picture with too many pixels.
    """
    if content_type not in PICTURES:
        return None
    try:
        return _make_thumbnail(file, PICTURES[content_type])
    except _TooManyPixels:
        limit = settings.UPLOAD_MAX_PIXELS
        raise Invalid(errors={"file": [f"A picture can have at most {limit:,} pixels."]}) from None
    except MemoryError:
        raise
    except Exception as error:  # for damaged files, Pillow raises many kinds of errors
        log.info("thumbnail_failed", content_type=content_type, error=type(error).__name__)
        return None


def _make_thumbnail(file: IO[bytes], form: str) -> bytes:
    """Return the thumbnail as WebP. Only this function calls Pillow."""
    file.seek(0)
    with Image.open(file, formats=[form]) as picture:
        if picture.width * picture.height > settings.UPLOAD_MAX_PIXELS:
            raise _TooManyPixels
        picture.draft("RGB", THUMBNAIL)
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail(THUMBNAIL)
        written = io.BytesIO()
        mode = "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
        upright.convert(mode).save(written, "WEBP", quality=80, exif=b"", icc_profile=None)
        return written.getvalue()
