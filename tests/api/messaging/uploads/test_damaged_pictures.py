"""A damaged picture is accepted unchanged, like any other file; it has no thumbnail if none can be created."""

import io
import random
import struct
import zlib
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo
from structlog.testing import capture_logs

from messaging.models import Upload
from tests.api.shapes import refused, succeeded

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
"""As in production, warnings are not errors: Pillow warns about many kinds of damage before it fails."""

SEED = 8_298
VARIATIONS = 120


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def written(kind: str, mode: str = "RGB", **options) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (48, 32)).save(file, kind, **options)
    return file.getvalue()


def photo_data() -> Image.Exif:
    """EXIF data as a camera writes it: texts, numbers, fractions, a location, and opaque bytes of the manufacturer."""
    exif = Image.Exif()
    exif.update({0x0112: 6, 0x010E: "by the sea", 0x010F: "Maker", 0x011A: 72.0, 0x011B: 72.0, 0x0128: 2})
    exif.get_ifd(0x8769).update({0x829A: 0.01, 0x8827: 200, 0x9000: b"0232", 0x927C: b"\x01\x02\x03" * 20})
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.5), 3: "E", 4: (13.0, 24.0, 36.0)})
    return exif


def with_values_changed(content: bytes, rng: random.Random) -> bytes:
    """Change up to six bytes of the picture's EXIF data, after the header that marks the data as EXIF."""
    data = bytearray(photo_data().tobytes().removeprefix(b"Exif\0\0"))
    before, after = content.split(data)
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(8, len(data))] = rng.choice((0, 1, 2, 5, 10, 0x7F, 0xFF, rng.randrange(256)))
    if before.endswith(b"eXIf"):
        after = zlib.crc32(b"eXIf" + data).to_bytes(4, "big") + after[4:]
    return before + data + after


def upload(person, content: bytes):
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("photo", content)})
    return person.api.post("/api/uploads", body, content_type=MULTIPART_CONTENT)


def taken(person, content: bytes) -> dict:
    """Upload a file, check that the stored bytes are identical, and return the upload."""
    made = succeeded(upload(person, content), "upload", status=201)["upload"]
    with Upload.objects.get(pk=made["id"]).file.open("rb") as stored:
        assert stored.read() == content
    return made


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_values(brand, kind):
    rng, intact = random.Random(SEED), written(kind, exif=photo_data())
    assert taken(brand, intact)["thumbnail_url"]
    with capture_logs() as logs:
        made = [taken(brand, with_values_changed(intact, rng)) for _ in range(VARIATIONS)]
    failed = [line for line in logs if line["event"] == "thumbnail_failed"]
    assert len(failed) == sum(one["thumbnail_url"] is None for one in made)
    assert 0 < len(failed) < VARIATIONS, "at least one change must prevent the thumbnail"
    assert {line["content_type"] for line in failed} == {f"image/{kind.lower()}"}
    assert len({line["error"] for line in failed}) > 1
    assert all("by the sea" not in str(line) for line in failed)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_pictures_that_end_too_early(brand, kind):
    content = written(kind)
    for end in range(40, len(content), max(1, len(content) // 25)):
        taken(brand, content[:end])
    assert taken(brand, content[: len(content) // 2])["content_type"] == f"image/{kind.lower()}"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_changed_bytes_after_the_header(brand, kind):
    rng, content = random.Random(SEED), written(kind)
    for _ in range(60):
        changed = bytearray(content)
        for _ in range(4):
            changed[rng.randrange(40, len(content))] = rng.randrange(256)
        taken(brand, bytes(changed))


def chunk(name: bytes, data: bytes, *, sum_off: int = 0) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data) ^ sum_off)


def damaged_chunks() -> Iterator[tuple[str, bytes]]:
    yield "text that decompresses to megabytes", chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 8_000_000))
    yield "text that cannot be decompressed", chunk(b"zTXt", b"Comment\0\0nonsense")
    yield "text with an unknown compression", chunk(b"zTXt", b"Comment\0\7" + zlib.compress(b"x"))
    yield "international text cut off", chunk(b"iTXt", b"XML:com.adobe.xmp\0\1")
    yield "a profile that cannot be decompressed", chunk(b"iCCP", b"profile\0\0nonsense")
    yield "a profile without a name", chunk(b"iCCP", b"")
    yield "EXIF that is invalid", chunk(b"eXIf", b"\xff" * 40)
    yield "EXIF that is empty", chunk(b"eXIf", b"")
    yield "sizes that are cut off", chunk(b"pHYs", b"\0")
    yield "an animation without pictures", chunk(b"acTL", bytes(8))
    yield "a palette that is cut off", chunk(b"tRNS", b"")
    yield "a wrong sum", chunk(b"IDAT", b"", sum_off=1)
    yield "an invalid name", chunk(b"\0\1\2\3", b"")


DAMAGED = dict(damaged_chunks())


@pytest.mark.parametrize("name", DAMAGED)
def test_large_or_damaged_png_metadata(brand, name):
    content, behind_head = written("PNG"), 33
    taken(brand, content[:behind_head] + DAMAGED[name] + content[behind_head:])
    taken(brand, content[:-12] + DAMAGED[name] + content[-12:])


def test_large_valid_metadata(brand):
    texts = PngInfo()
    for number in range(50):
        texts.add_text(f"Note {number}", "x" * 20_000, zip=bool(number % 2))
    taken(brand, written("PNG", pnginfo=texts))
    taken(brand, written("JPEG", exif=b"Exif\0\0" + b"\0" * 60_000, icc_profile=b"\0" * 100_000))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *[("PNG", mode) for mode in ("1", "L", "LA", "I;16", "P", "RGB", "RGBA")],
        *[("JPEG", mode) for mode in ("1", "L", "CMYK", "YCbCr", "RGB")],
        *[("GIF", mode) for mode in ("1", "L", "P", "RGBA")],
        *[("WEBP", mode) for mode in ("RGB", "RGBA")],
    ],
)
def test_pictures_in_every_mode_get_a_thumbnail(brand, kind, mode):
    made = taken(brand, written(kind, mode))
    small = Image.open(io.BytesIO(brand.api.get(made["thumbnail_url"]).content))
    assert (small.format, small.size) == ("WEBP", (48, 32))


@pytest.mark.parametrize(
    "fault",
    [
        SyntaxError("broken"), struct.error("unpack"), ValueError("bad"), OSError("truncated"), TypeError("None"),
        ZeroDivisionError("fraction"), OverflowError("large"), KeyError(1), IndexError("none"), EOFError("early"),
        AttributeError("tag"), AssertionError(), RuntimeError("codec"), NotImplementedError("mode"),
        zlib.error("stream"), Image.DecompressionBombError("large"), UnicodeDecodeError("ascii", b"\xff", 0, 1, "no"),
    ],
    ids=lambda fault: type(fault).__name__,
)  # fmt: skip
def test_an_error_of_pillow_only_prevents_the_thumbnail(brand, monkeypatch, fault):
    def fail(picture):
        raise fault

    monkeypatch.setattr(ImageOps, "exif_transpose", fail)
    with capture_logs() as logs:
        assert taken(brand, written("JPEG"))["thumbnail_url"] is None
    line = next(line for line in logs if line["event"] == "thumbnail_failed")
    assert (line["content_type"], line["error"]) == ("image/jpeg", type(fault).__name__)


@pytest.mark.parametrize("place", ["Pillow", "database"])
def test_system_errors_are_not_treated_as_damage(brand, monkeypatch, tmp_path, place):
    def fail(*args, **options):
        raise MemoryError if place == "Pillow" else DatabaseError

    if place == "Pillow":
        monkeypatch.setattr(ImageOps, "exif_transpose", fail)
    else:
        monkeypatch.setattr(Upload, "save", fail)
    answer = upload(brand, written("JPEG"))
    assert answer.status_code >= 500
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_damaged_picture_is_sent_like_any_other_file(brand, influencer):
    content = written("JPEG", exif=photo_data())[:-200]
    made = taken(brand, content)
    message = brand.says(brand.opens_chat_with(influencer), "The photo", attachments=[made["id"]])
    assert message["attachments"] == [made]
    assert influencer.api.get(made["url"]).content == content
    refused(influencer.api.get(made["url"] + "/thumbnail"), 404, "not_found")
