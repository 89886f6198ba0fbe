"""Pictures, videos and sounds come out right, however odd they are; damage costs the thumbnail at most."""

import base64
import io
import random
import struct
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from messaging.uploads.decoder import pictures
from tests.harness import files
from tests.unit.messaging.uploads.decoder_jobs import (
    close_to,
    examined,
    exiftool,
    ignoring_damage,
    job_of,
    thumbnail,
)

pytestmark = ignoring_damage

SEED = 8_298
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "TIFF": "image/tiff"}


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


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_values_cost_nothing(tmp_path, form):
    rng, intact = random.Random(SEED), files.picture(form, exif=photo_data())
    for number in range(60):
        changed = with_values_changed(intact, rng)
        job = job_of(tmp_path, changed, TYPES[form], tool=exiftool() if number < 4 else "")
        result = examined(job)
        assert (result.metadata_removed, result.has_thumbnail, result.fault) == (True, True, "")
        assert {result.width, result.height} == {96, 64}
        assert b"by the sea" not in job.cleaned.read_bytes()


@pytest.mark.parametrize("form", ["TIFF"])
def test_damaged_exif_values_of_files_that_are_not_cleaned(tmp_path, form):
    rng, intact = random.Random(SEED), bytearray(files.picture(form, exif=photo_data()))
    for _ in range(120):
        changed = bytearray(intact)
        for _ in range(3):
            changed[rng.randrange(8, 400)] = rng.randrange(256)
        result = examined(job_of(tmp_path, bytes(changed), TYPES[form]))
        assert result.has_thumbnail or result.fault


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_pictures_that_end_too_early_are_shown_as_far_as_they_go(tmp_path, form):
    noise = Image.effect_noise((320, 320), 60).convert("RGB")
    noise.paste(files.RED, (0, 0, 320, 100))
    content = files.picture(form, noise, **({"quality": 95} if form == "JPEG" else {}))
    job = job_of(tmp_path, content[: len(content) * 2 // 3], TYPES[form])
    result = examined(job)
    assert (result.width, result.height, result.has_thumbnail) == (320, 320, True)
    assert close_to(thumbnail(job).convert("RGB").getpixel((160, 40)), files.RED)


@pytest.mark.parametrize("form", list(TYPES))
def test_files_that_end_anywhere(tmp_path, form):
    content = files.picture(form)
    for end in range(40, len(content), max(1, len(content) // 25)):
        result = examined(job_of(tmp_path, content[:end], TYPES[form]))
        assert result.has_thumbnail or result.fault


@pytest.mark.parametrize("form", list(TYPES))
def test_changed_bytes_anywhere(tmp_path, form):
    rng, content = random.Random(SEED), files.picture(form)
    for _ in range(60):
        changed = bytearray(content)
        for _ in range(4):
            changed[rng.randrange(40, len(content))] = rng.randrange(256)
        result = examined(job_of(tmp_path, bytes(changed), TYPES[form]))
        assert result.has_thumbnail or result.fault


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
    yield "a wrong sum", chunk(b"tEXt", b"Comment\0x", sum_off=1)
    yield "an invalid name", chunk(b"\0\1\2\3", b"")


DAMAGED = dict(damaged_chunks())


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("tool", [True, False], ids=["with exiftool", "without"])
def test_large_or_damaged_png_metadata(tmp_path, name, tool):
    content, behind_head = files.picture("PNG"), 33
    for changed in (
        content[:behind_head] + DAMAGED[name] + content[behind_head:],
        content[:-12] + DAMAGED[name] + content[-12:],
    ):
        job = job_of(tmp_path, changed, "image/png", tool=exiftool() if tool else "")
        result = examined(job)
        assert (result.width, result.height, result.has_thumbnail) == (96, 64, True)
        assert close_to(thumbnail(job).convert("RGB").getpixel((10, 10)), files.RED)


def test_large_valid_metadata(tmp_path):
    texts = PngInfo()
    for number in range(50):
        texts.add_text(f"Note {number}", "x" * 20_000, zip=bool(number % 2))
    assert examined(job_of(tmp_path, files.picture("PNG", pnginfo=texts), "image/png")).has_thumbnail
    large = files.picture("JPEG", exif=b"Exif\0\0" + b"\0" * 60_000, icc_profile=b"\0" * 100_000)
    assert examined(job_of(tmp_path, large, "image/jpeg")).has_thumbnail


MODES = [
    *[("PNG", mode) for mode in ("1", "L", "LA", "I;16", "P", "RGB", "RGBA")],
    *[("JPEG", mode) for mode in ("1", "L", "CMYK", "YCbCr", "RGB")],
    *[("GIF", mode) for mode in ("1", "L", "P", "RGBA")],
    *[("WEBP", mode) for mode in ("RGB", "RGBA")],
    *[("TIFF", mode) for mode in ("1", "L", "LA", "I;16", "I", "F", "P", "RGB", "RGBA", "CMYK", "LAB")],
]


@pytest.mark.parametrize(("form", "mode"), MODES)
def test_pictures_in_every_mode(tmp_path, form, mode):
    """A dark half and a bright half stay dark and bright."""
    made = Image.new("L", (96, 64), 40)
    made.paste(210, (48, 0, 96, 64))
    if mode in {"I;16", "I", "F"}:
        made = made.convert("I").point(lambda value: value * 257).convert(mode)
    elif mode == "LAB":
        made = ImageCms.profileToProfile(
            made.convert("RGB"), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    else:
        made = made.convert("RGB").convert(mode)
    job = job_of(tmp_path, files.picture(form, made), TYPES[form])
    result = examined(job)
    assert (result.width, result.height, result.fault) == (96, 64, "")
    shown = thumbnail(job)
    assert (shown.format, shown.size) == ("WEBP", (96, 64))
    dark, bright = (shown.convert("L").getpixel(place) for place in ((10, 30), (86, 30)))
    assert dark < 90
    assert bright > 160


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_pictures(tmp_path, form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for tool in ("", exiftool()) if orientation == 6 else ("",):
        job = job_of(tmp_path, files.picture(form, exif=exif), TYPES[form], tool=tool)
        result = examined(job)
        assert (result.width, result.height) == ((64, 96) if orientation > 4 else (96, 64))
        with thumbnail(job) as small:
            assert small.size == (result.width, result.height)
            red = {1: (5, 5), 2: (90, 5), 3: (90, 60), 4: (5, 60), 5: (5, 5), 6: (60, 5), 7: (60, 90), 8: (5, 90)}
            assert close_to(small.convert("RGB").getpixel(red[orientation]), files.RED)


@pytest.mark.parametrize(("form", "kind"), [("HEIF", "image/heic"), ("AVIF", "image/avif")])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_turned_pictures_of_phones(tmp_path, form, kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = exif.tobytes()  # Pillow changes the object when it writes AVIF
    for tool in ("", exiftool()):
        job = job_of(tmp_path, files.picture(form, exif=data), kind, tool=tool)
        result = examined(job)
        assert (result.width, result.height) == ((64, 96) if orientation > 4 else (96, 64))
        with thumbnail(job) as small, Image.open(job.rendition) as large:
            assert small.size == large.size == (result.width, result.height)
            red = {1: (5, 5), 3: (90, 60), 6: (60, 5), 8: (5, 90)}[orientation]
            assert close_to(small.convert("RGB").getpixel(red), files.RED)
            assert close_to(large.convert("RGB").getpixel(red), files.RED)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_animations_show_their_first_picture(tmp_path, form):
    frames = [Image.new("RGB", (40, 40), color) for color in (files.RED, files.BLUE, "white")]
    content = files.picture(form, frames[0], save_all=True, append_images=frames[1:], duration=100)
    job = job_of(tmp_path, content, TYPES[form])
    assert examined(job).has_thumbnail
    assert close_to(thumbnail(job).convert("RGB").getpixel((20, 20)), files.RED)


def test_transparency_stays(tmp_path):
    for form in ("PNG", "WEBP", "GIF", "TIFF"):
        clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
        job = job_of(tmp_path, files.picture(form, clear), TYPES[form])
        result = examined(job)
        assert thumbnail(job).convert("RGBA").getpixel((20, 20))[3] == 0
        assert result.rendition_type == ("image/webp" if form == "TIFF" else "")


def test_colors_of_other_profiles_are_converted(tmp_path):
    """Without a conversion, the greens and reds of phones would be pale."""
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    content = files.picture("JPEG", icc_profile=wide.tobytes())
    job = job_of(tmp_path, content, "image/jpeg")
    assert examined(job).has_thumbnail
    assert close_to(thumbnail(job).getpixel((10, 10)), files.RED)
    assert "icc_profile" not in thumbnail(job).info


def test_a_picture_with_too_many_pixels(tmp_path):
    large = files.two_colors((1600, 1200))
    for form, kind in TYPES.items():
        job = job_of(tmp_path, files.picture(form, large), kind, max_pixels=1_000_000)
        result = examined(job)
        assert (result.width, result.height) == (1600, 1200)
        assert result.has_thumbnail == (form == "JPEG"), "only JPEG has a reduced decode"
        assert result.fault == ("" if form == "JPEG" else "TooManyPixels")
        job.thumbnail.unlink(missing_ok=True)


def test_a_picture_that_only_announces_many_pixels(tmp_path):
    content, head = files.picture("PNG"), b"IHDR" + struct.pack(">II", 60_000, 60_000) + b"\x08\x02\0\0\0"
    changed = content[:12] + head + zlib.crc32(head).to_bytes(4, "big") + content[33:]
    result = examined(job_of(tmp_path, changed, "image/png"))
    assert (result.width, result.height, result.has_thumbnail) == (60_000, 60_000, False)


def test_placeholders(tmp_path):
    for size in ((96, 64), (64, 96), (1, 1), (1, 500), (500, 1)):
        job = job_of(tmp_path, files.picture("PNG", Image.new("RGB", size, files.RED)), "image/png")
        result = examined(job)
        decoded = base64.b64decode(result.placeholder, validate=True)
        assert 5 <= len(decoded) <= 40
        assert len(result.placeholder) <= 64
    assert "thumbhash" not in vars(pictures), "only placeholders need it"


RECORDINGS = {
    "video/mp4": ("mp4", {"video": "libx264", "sound": "aac"}),
    "video/quicktime": ("mov", {"video": "mpeg4"}),
    "video/webm": ("webm", {"video": "libvpx", "sound": "libopus"}),
    "video/x-matroska": ("matroska", {"video": "mpeg4", "sound": "aac"}),
    "video/3gpp": ("3gp", {"video": "mpeg4", "sound": "aac"}),
    "audio/mpeg": ("mp3", {"sound": "libmp3lame"}),
    "audio/mp4": ("ipod", {"sound": "aac"}),
    "audio/aac": ("adts", {"sound": "aac"}),
    "audio/ogg": ("ogg", {"sound": "libopus"}),
    "audio/x-wav": ("wav", {"sound": "pcm_s16le"}),
    "audio/webm": ("webm", {"sound": "libopus"}),
}


@pytest.mark.parametrize("kind", RECORDINGS)
def test_videos_and_sounds(tmp_path, kind):
    form, streams = RECORDINGS[kind]
    job = job_of(tmp_path, files.recording(form, seconds=2.0, **streams), kind)
    result = examined(job)
    assert result.duration == pytest.approx(2, abs=0.15)
    assert result.fault == ""
    is_video = kind.startswith("video/")
    assert (result.width, result.height) == ((96, 64) if is_video else (None, None))
    assert result.has_thumbnail == is_video
    if is_video:
        red, _, blue = thumbnail(job).convert("RGB").getpixel((10, 30))
        assert red > blue + 80


def test_a_recording_without_a_length_in_its_head(tmp_path):
    """As browsers record: the length is in no head, or wrong there."""
    live = files.recording("webm", sound="libopus", seconds=3.0, live="1")
    assert examined(job_of(tmp_path, live, "audio/webm")).duration == pytest.approx(3, abs=0.15)
    pieces = files.recording("mp4", sound="libopus", seconds=3.0, movflags="frag_keyframe+empty_moov+default_base_moof")
    assert examined(job_of(tmp_path, pieces, "audio/mp4")).duration == pytest.approx(3, abs=0.15)


def test_amr(tmp_path):
    assert examined(job_of(tmp_path, files.amr(), "audio/amr")).duration == pytest.approx(0.5)
    assert examined(job_of(tmp_path, files.amr(wide=True), "audio/amr-wb")).duration == pytest.approx(0.5)


@pytest.mark.parametrize("kind", RECORDINGS)
def test_damaged_recordings(tmp_path, kind):
    form, streams = RECORDINGS[kind]
    content, rng = files.recording(form, **streams), random.Random(SEED)
    for end in (10, 100, len(content) // 2, len(content) - 20):
        examined(job_of(tmp_path, content[:end], kind))
    for _ in range(10):
        changed = bytearray(content)
        for _ in range(20):
            changed[rng.randrange(12, len(content))] = rng.randrange(256)
        result = examined(job_of(tmp_path, bytes(changed), kind))
        assert result.duration is None or result.duration >= 0


def test_a_list_of_other_files_is_not_followed(tmp_path):
    """FFmpeg never chooses the format: a file cannot name other files or addresses to read."""
    (tmp_path / "secret.wav").write_bytes(files.recording("wav", sound="pcm_s16le"))
    listed = f"#EXTM3U\n#EXTINF:1,\n{tmp_path}/secret.wav\n".encode()
    for kind in RECORDINGS:
        result = examined(job_of(tmp_path, listed, kind))
        assert result.duration is None


def test_psd(tmp_path):
    job = job_of(tmp_path, files.psd(), "image/vnd.adobe.photoshop", tool=exiftool())
    result = examined(job)
    assert (result.width, result.height, result.rendition_type) == (96, 64, "image/jpeg")
    assert close_to(Image.open(io.BytesIO(job.rendition.read_bytes())).getpixel((10, 10)), files.RED)
