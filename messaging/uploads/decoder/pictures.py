"""Pictures: opened whatever they are, made smaller, turned upright, and converted for browsers. Only this module and
`media` call the libraries that decode."""

import base64
import io
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageFile, PngImagePlugin

from messaging.uploads.decoder.types import PICTURES, WITH_RENDITION

Image.MAX_IMAGE_PIXELS = None  # `Job.max_pixels` and the limits of this process are the limits
ImageFile.LOAD_TRUNCATED_IMAGES = True  # as browsers show them
PngImagePlugin.MAX_TEXT_MEMORY = 256 * 1024 * 1024

THUMBNAIL = (800, 800)
RENDITION = (4096, 4096)
PLACEHOLDER = (32, 32)
_TURNED = {5, 6, 7, 8}
_ORIENTATION = 0x0112


def opened(path: Path, content_type: str) -> Image.Image:
    form = PICTURES[content_type]
    if form == "HEIF":
        import pillow_heif  # noqa: PLC0415 (takes longer than a small picture)

        pillow_heif.register_heif_opener(thumbnails=False)
    return Image.open(path, formats=[form])


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged metadata raises many kinds of errors, and turns nothing
        return 1


def size_as_shown(picture: Image.Image) -> tuple[int, int]:
    width, height = picture.size
    return (height, width) if _orientation(picture) in _TURNED else (width, height)


def reduce(picture: Image.Image, max_pixels: int) -> bool:
    """Choose a reduced decode if the picture is too large and its format has one. Returns whether it can be decoded."""
    scale = (picture.width * picture.height / max_pixels) ** 0.5
    if scale > 1:
        picture.draft("RGB", (int(picture.width / scale / 2), int(picture.height / scale / 2)))
    return picture.width * picture.height <= max_pixels


def thumbnail(picture: Image.Image) -> Image.Image:
    """Return a small picture in the colors of sRGB, upright."""
    if picture.width > THUMBNAIL[0] * 2:
        picture.draft("RGB", THUMBNAIL)
    return _upright(picture, THUMBNAIL)


def _upright(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    orientation, profile = _orientation(picture), picture.info.get("icc_profile")
    shown = _in_eight_bits(picture)
    shown.thumbnail(size)
    shown = _in_srgb(shown, profile)
    turn = _TURNS.get(orientation)
    return shown if turn is None else shown.transpose(turn)


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """Return the picture in a mode that can be made smaller: 16 bits a pixel are scaled, not cut off."""
    if picture.mode.startswith("I;16"):
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if picture.mode in {"I", "F"}:
        low, high = (float(value) for value in picture.getextrema())  # type: ignore[arg-type]  # of one band
        scale = 255 / ((high - low) or 1)
        return picture.point(lambda value: value * scale - low * scale).convert("L")
    if picture.mode == "CMYK":
        return picture.copy()
    has_alpha = "A" in picture.getbands() or "a" in picture.getbands() or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert colors of a profile, such as those of a phone or of a printer, to those of all screens."""
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile and picture.mode in {"RGB", "RGBA", "CMYK"}:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode=mode)
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a damaged profile, or one for another kind of picture
    return picture.convert(mode)


def write_rendition(picture: Image.Image, content_type: str, path: Path) -> str:
    """Write a form that browsers show, if they do not show this type. Returns its content type, or ""."""
    if content_type not in WITH_RENDITION:
        return ""
    shown = _upright(picture, RENDITION)
    if shown.mode == "RGBA":
        shown.save(path, "WEBP", quality=88, exif=b"", icc_profile=None)
        return "image/webp"
    shown.save(path, "JPEG", quality=88, optimize=True)
    return "image/jpeg"


def placeholder(picture: Image.Image) -> str:
    """Return the ThumbHash of a picture in base64."""
    from thumbhash import rgba_to_thumb_hash  # noqa: PLC0415

    tiny = picture.convert("RGBA")
    tiny.thumbnail(PLACEHOLDER)
    values = list(tiny.tobytes())
    return base64.b64encode(bytes(rgba_to_thumb_hash(tiny.width, tiny.height, values))).decode()


def of_frame(frame: Any, turns: int, size: tuple[int | None, int | None]) -> Image.Image:
    """Return the frame of a video as a picture, upright and with square pixels."""
    picture = frame.to_image().rotate(turns, expand=True)
    width, height = size
    return picture if not width or not height or picture.size == size else picture.resize((width, height))
