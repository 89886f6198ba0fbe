"""What a file is, by its content: never by its name, nor by what the client says of it."""

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
"""Pictures have one limit, that of `UPLOAD_MAX_PIXELS`."""

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
"""How pictures begin: a few characters alone may begin any file."""
THUMBNAIL = (400, 400)
THUMBNAIL_TYPE = "image/webp"


def content_type_of(file: IO[bytes]) -> str:
    """Detect the content type of a file. Raises `UnsupportedMediaType` for one that `UPLOAD_TYPES` does not allow."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    found = filetype.guess(head)
    kind = EQUIVALENT_TYPES.get(found.mime, found.mime) if found else None
    if kind not in settings.UPLOAD_TYPES or (kind in PICTURES and not _has_signature(kind, head)):
        raise UnsupportedMediaType("Files of this kind are not taken.")
    return kind


def _has_signature(kind: str, head: bytes) -> bool:
    if not SIGNATURES[kind].match(head):
        return False
    if kind != "image/gif":
        return True
    colors = 2 << (head[10] & 7) if head[10] & 0x80 else 0
    return head[13 + 3 * colors :][:1] in {b"!", b",", b";"}  # the blocks that may come after the colors


def safe_file_name(name: str, content_type: str) -> str:
    """The client's name for a file, without what is no text, and with an extension that fits its type."""
    shown = "".join(character for character in name if character.isprintable()).strip(". ") or "file"
    if mimetypes.guess_type(shown)[0] == content_type:
        return shown[-255:]
    return shown[:240] + (mimetypes.guess_extension(content_type) or "")


class _TooManyPixels(Exception):
    """The picture is larger than `UPLOAD_MAX_PIXELS`."""


def thumbnail_of(file: IO[bytes], content_type: str) -> bytes | None:
    """A small WebP of a picture, the right way up and without its metadata; None for what is no picture, and for a
    picture that is damaged.

    Raises `Invalid` for one with too many pixels.
    """
    if content_type not in PICTURES:
        return None
    try:
        return _make_thumbnail(file, PICTURES[content_type])
    except _TooManyPixels:
        limit = settings.UPLOAD_MAX_PIXELS
        raise Invalid(errors={"file": [f"A picture has at most {limit:,} pixels."]}) from None
    except MemoryError:
        raise
    except Exception as error:  # damaged files make Pillow raise nearly everything
        log.info("thumbnail_failed", content_type=content_type, error=type(error).__name__)
        return None


def _make_thumbnail(file: IO[bytes], form: str) -> bytes:
    """The thumbnail as WebP. Nothing else here calls Pillow."""
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
