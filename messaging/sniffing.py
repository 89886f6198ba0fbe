"""What a file is, by its content: never by its name, nor by what the client says of it."""

import io
import mimetypes
import warnings
from typing import BinaryIO

import filetype
from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from foundation.refusals import Invalid, UnsupportedMediaType

HEAD = 8192
"""As many bytes as every known kind of file needs to be told."""

PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
SAME = {"image/apng": "image/png"}
THUMBNAIL = (400, 400)
THUMBNAIL_TYPE = "image/webp"


def content_type_of(file: BinaryIO) -> str:
    """Raises `UnsupportedMediaType` for what is of no kind that is taken here."""
    file.seek(0)
    found = filetype.guess(file.read(HEAD))
    kind = SAME.get(found.mime, found.mime) if found else None
    if kind not in settings.UPLOAD_TYPES:
        raise UnsupportedMediaType("Files of this kind are not taken.")
    return kind


def fitting_name(name: str, content_type: str) -> str:
    """The client's name for a file, without what is no text, and with an ending that tells what the file is."""
    shown = "".join(character for character in name if character.isprintable()).strip(". ") or "file"
    if mimetypes.guess_type(shown)[0] == content_type:
        return shown[-255:]
    return shown[:240] + (mimetypes.guess_extension(content_type) or "")


def thumbnail_of(file: BinaryIO, content_type: str) -> bytes | None:
    """A small WebP of a picture, the right way up and without its metadata; None for what is no picture.

    Raises `UnsupportedMediaType` for what only begins like one, `Invalid` for one with too many pixels.
    """
    if content_type not in PICTURES:
        return None
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=[PICTURES[content_type]]) as picture:
                return _small(picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_many_pixels() from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise UnsupportedMediaType("This picture cannot be read.") from None


def _small(picture: Image.Image) -> bytes:
    if picture.width * picture.height > settings.UPLOAD_MAX_PIXELS:
        raise _too_many_pixels()
    picture.draft("RGB", THUMBNAIL)
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail(THUMBNAIL)
    written = io.BytesIO()
    mode = "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
    upright.convert(mode).save(written, "WEBP", quality=80, exif=b"", icc_profile=None)
    return written.getvalue()


def _too_many_pixels() -> Invalid:
    return Invalid(errors={"file": [f"A picture has at most {settings.UPLOAD_MAX_PIXELS:,} pixels."]})
