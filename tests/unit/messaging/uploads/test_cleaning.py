"""Metadata is removed, with exiftool and without it: the values that are planted here are searched in all bytes."""

import io
import struct
import subprocess
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy
import pytest
from PIL import Image, ImageChops

from messaging.uploads import iso_media
from messaging.uploads.decoder import cleaning, media
from messaging.uploads.decoder.types import NEVER_WITH_METADATA
from tests.harness import files
from tests.unit.messaging.uploads.decoder_jobs import cleaned, examined, exiftool, ignoring_damage, job_of

pytestmark = ignoring_damage

SERIAL, OWNER, PLACE = b"SN-4711-PLANTED", b"Olga Planted", b"+52.5206+013.4098"
PICTURES = {
    "image/jpeg": ("JPEG", "jpg"),
    "image/png": ("PNG", "png"),
    "image/webp": ("WEBP", "webp"),
    "image/heic": ("HEIF", "heic"),
    "image/avif": ("AVIF", "avif"),
    "image/tiff": ("TIFF", "tif"),
}
VIDEOS = {
    "video/mp4": ("mp4", {"video": "libx264", "sound": "aac"}),
    "video/quicktime": ("mov", {"video": "mpeg4", "sound": "aac"}),
    "video/3gpp": ("3gp", {"video": "mpeg4", "sound": "aac"}),
    "audio/mp4": ("ipod", {"sound": "aac"}),
}
WITH_FALLBACK = ("image/jpeg", "image/png", "image/webp")
LATITUDE = (52.0, 31.0, 14.25)


def place_in_exif() -> set[bytes]:
    """Return the planted latitude as EXIF stores it, in both orders of bytes."""
    return {struct.pack(f"{order}6L", 52, 1, 31, 1, 57, 4) for order in "<>"}


def photo(form: str) -> bytes:
    """Return a picture with EXIF data as a camera writes it: place, serial number, owner, orientation."""
    exif = Image.Exif()
    exif.update({0x0112: 6, 0x010F: "Maker", 0x013B: OWNER.decode()})
    exif.get_ifd(0x8769).update({0xA431: SERIAL.decode(), 0xA430: OWNER.decode(), 0x927C: SERIAL * 3})
    exif.get_ifd(0x8825).update({1: "N", 2: LATITUDE, 3: "E", 4: (13.0, 24.0, 35.25)})
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a b="' + OWNER + b'"/></x:xmpmeta>'
    made = files.picture(form, exif=exif, **({"xmp": xmp} if form in {"JPEG", "WEBP"} else {}))
    return made + SERIAL if form == "JPEG" else made  # bytes behind the end, as phones append them


def film(kind: str) -> bytes:
    """Return a video or sound with a place, an owner and a serial number in its boxes of metadata."""
    form, streams = VIDEOS[kind]
    content = files.recording(form, **streams)
    top = {box.type: box for box in iso_media.boxes(io.BytesIO(content))}
    assert list(top)[-1] == b"moov"
    values = [(b"\xa9xyz", PLACE), (b"\xa9aut", OWNER), (b"\xa9snr", SERIAL)]
    notes = b"".join(box(name, struct.pack(">HH", len(value), 0x15C7) + value) for name, value in values)
    extended = content[top[b"moov"].content : top[b"moov"].end] + box(b"udta", notes)
    return content[: top[b"moov"].start] + box(b"moov", extended) + box(b"uuid", bytes(16) + OWNER)


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">L4s", len(content) + 8, name) + content


def planted_in(content: bytes) -> set[bytes]:
    return {value for value in {SERIAL, OWNER, PLACE, *place_in_exif()} if value in content}


def frames_of(content: bytes) -> list[bytes]:
    with av.open(io.BytesIO(content)) as container:
        return [bytes(packet) for packet in container.demux() if packet.size]


def test_all_types_are_tested():
    assert {*PICTURES, *VIDEOS, "audio/3gpp"} >= NEVER_WITH_METADATA


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures_with_exiftool(tmp_path, kind):
    content = photo(PICTURES[kind][0])
    assert planted_in(content) >= ({OWNER} if kind == "image/tiff" else {OWNER, SERIAL})
    made = cleaned(job_of(tmp_path, content, kind, tool=exiftool()))
    assert planted_in(made) == set()
    assert same_picture(content, made)


@pytest.mark.parametrize("kind", WITH_FALLBACK)
def test_pictures_without_exiftool(tmp_path, kind):
    content = photo(PICTURES[kind][0])
    made = cleaned(job_of(tmp_path, content, kind))
    assert planted_in(made) == set()
    assert same_picture(content, made)


def same_picture(before: bytes, after: bytes) -> bool:
    with Image.open(io.BytesIO(before)) as first, Image.open(io.BytesIO(after)) as second:
        assert first.getexif().get(0x0112, 1) == second.getexif().get(0x0112, 1)
        return first.size == second.size and ImageChops.difference(first, second).getbbox() is None


@pytest.mark.parametrize("tool", [True, False], ids=["with exiftool", "without"])
@pytest.mark.parametrize("kind", VIDEOS)
def test_videos_and_sounds(tmp_path, kind, tool):
    content = film(kind)
    assert planted_in(content) == {SERIAL, OWNER, PLACE}
    made = cleaned(job_of(tmp_path, content, kind, tool=exiftool() if tool else ""))
    assert planted_in(made) == set()
    assert frames_of(made) == frames_of(content)
    assert not iso_media.has_index_behind_content(io.BytesIO(made))


@pytest.mark.parametrize("tool", [True, False], ids=["with exiftool", "without"])
@pytest.mark.parametrize("turns", [0, 90, 180, 270])
def test_a_video_keeps_its_orientation(tmp_path, tool, turns):
    """Phones do not turn the pixels. They state how to turn them."""
    content = bytearray(files.recording("mp4", video="mpeg4", sound="aac", size=(96, 64)))
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[turns]
    track = next(iso_media.find_boxes(io.BytesIO(content), b"moov", b"trak", b"tkhd"))
    matrix = struct.pack(">9l", cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30)
    content[track.content + 40 : track.content + 76] = matrix
    job = job_of(tmp_path, bytes(content), "video/mp4", tool=exiftool() if tool else "")
    result = examined(job)
    assert (result.width, result.height) == ((64, 96) if turns in {90, 270} else (96, 64))
    with Image.open(job.thumbnail) as shown:
        assert shown.size == (result.width, result.height)
        first = {0: (10, 32), 90: (32, 10), 180: (86, 32), 270: (32, 86)}[turns]
        red, _, blue = shown.convert("RGB").getpixel(first)
        assert red > blue


@pytest.mark.parametrize("kind", ["video/mp4", "video/quicktime"])
def test_videos_that_cannot_be_rewritten_are_blanked(tmp_path, monkeypatch, kind):
    def fail(*_):
        raise ValueError

    monkeypatch.setattr(media, "rewrite", fail)
    content = film(kind)
    made = cleaned(job_of(tmp_path, content, kind))
    assert planted_in(made) == set()
    assert len(made) == len(content)
    assert frames_of(made) == frames_of(content)


@pytest.mark.parametrize("kind", VIDEOS)
@pytest.mark.parametrize("tool", [True, False], ids=["with exiftool", "without"])
def test_damaged_videos_are_cleaned_or_not_given_to_others(tmp_path, kind, tool):
    content = film(kind)
    for end in range(40, len(content), len(content) // 6):
        job = job_of(tmp_path, content[:end], kind, tool=exiftool() if tool else "")
        if cleaning.clean(job):
            assert planted_in(job.cleaned.read_bytes()) == set()


@pytest.mark.parametrize("kind", WITH_FALLBACK)
@pytest.mark.parametrize("tool", [True, False], ids=["with exiftool", "without"])
def test_damaged_pictures_are_cleaned(tmp_path, kind, tool):
    content = photo(PICTURES[kind][0])
    parts = 8 if tool else 120
    for end in range(30, len(content), max(1, len(content) // parts)):
        made = cleaned(job_of(tmp_path, content[:end], kind, tool=exiftool() if tool else ""))
        assert planted_in(made) == set()


@pytest.mark.parametrize("kind", ["image/heic", "image/avif"])
def test_without_exiftool_only_the_rendition_of_these_is_kept(tmp_path, kind):
    job = job_of(tmp_path, photo(PICTURES[kind][0]), kind)
    result = examined(job)
    assert (result.metadata_removed, result.rendition_type) == (False, "image/jpeg")
    assert planted_in(job.rendition.read_bytes()) == planted_in(job.thumbnail.read_bytes()) == set()


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("tool", [True, False], ids=["with exiftool", "without"])
def test_thumbnails_and_renditions_have_no_metadata(tmp_path, kind, tool):
    job = job_of(tmp_path, photo(PICTURES[kind][0]), kind, tool=exiftool() if tool else "")
    result = examined(job)
    assert planted_in(job.thumbnail.read_bytes()) == set()
    assert planted_in(job.rendition.read_bytes() if result.rendition_type else b"") == set()


def test_a_file_without_metadata_is_not_changed(tmp_path):
    for kind, form in (("image/jpeg", "JPEG"), ("image/png", "PNG"), ("image/webp", "WEBP")):
        content = files.picture(form)
        for tool in ("", exiftool()):
            assert cleaned(job_of(tmp_path, content, kind, tool=tool)) == content


def test_what_changes_the_picture_stays(tmp_path):
    profile = b"\0" * 36 + b"acsp" + bytes(300)
    animated = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    for kind, content in {
        "image/jpeg": files.picture("JPEG", icc_profile=profile, progressive=True),
        "image/png": files.picture("PNG", icc_profile=profile, dpi=(72, 72)),
        "image/webp": files.picture(
            "WEBP", animated[0], save_all=True, append_images=animated[1:], icc_profile=profile
        ),
    }.items():
        for tool in ("", exiftool()):
            with Image.open(io.BytesIO(cleaned(job_of(tmp_path, content, kind, tool=tool)))) as made:
                assert made.info["icc_profile"] == profile
                assert getattr(made, "n_frames", 1) == (2 if kind == "image/webp" else 1)


def with_places_along_the_way() -> bytes:
    """Return a video with a track of places: a track of sound whose samples are places, declared as metadata."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "film")
        with av.open(str(path), "w", format="mov") as container:
            video = container.add_stream("mpeg4", rate=10)
            video.width = video.height = 64
            video.pix_fmt = "yuv420p"
            places = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
            container.mux(video.encode(av.VideoFrame.from_image(files.two_colors((64, 64)))))
            container.mux(video.encode(None))
            samples = numpy.frombuffer(PLACE.ljust(18), dtype="int16").reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
            frame.sample_rate, frame.pts = 48_000, 0
            container.mux(places.encode(frame))
        content = bytearray(path.read_bytes())
    handlers = list(iso_media.find_boxes(io.BytesIO(content), b"moov", b"trak", b"mdia", b"hdlr"))
    content[handlers[1].content + 8 : handlers[1].content + 12] = b"meta"
    assert content.count(b"sowt") == 1
    return bytes(content).replace(b"sowt", b"gpmd")


@pytest.mark.parametrize("tool", [True, False], ids=["with exiftool", "without"])
def test_tracks_of_metadata_are_dropped(tmp_path, tool):
    """Cameras store the places along the way in a track of its own."""
    content = with_places_along_the_way()
    assert PLACE in content
    job = job_of(tmp_path, content, "video/quicktime", tool=exiftool() if tool else "")
    made = cleaned(job)
    assert PLACE not in made
    assert iso_media.track_handlers(io.BytesIO(made)) == [b"vide"]


def test_a_file_with_tracks_of_metadata_that_cannot_be_rewritten_is_not_cleaned(tmp_path, monkeypatch):
    def fail(*_):
        raise ValueError

    monkeypatch.setattr(media, "rewrite", fail)
    for tool in ("", exiftool()):
        assert not cleaning.clean(job_of(tmp_path, with_places_along_the_way(), "video/quicktime", tool=tool))


def test_exiftool_that_fails_or_hangs(tmp_path):
    for text in ("exit 1", "exit 0", "sleep 100"):
        tool = tmp_path / "exiftool"
        tool.write_text(f"#!/bin/sh\n{text}\n")
        tool.chmod(0o755)
        job = job_of(tmp_path, photo("JPEG"), "image/jpeg", tool=str(tool))
        object.__setattr__(job, "seconds", 2)
        assert planted_in(cleaned(job)) == set()


def test_exiftool_finds_nothing_afterwards(tmp_path):
    """A second opinion: what exiftool reads of the files that were cleaned without it."""
    tool = exiftool()
    for kind in WITH_FALLBACK:
        job = job_of(tmp_path, photo(PICTURES[kind][0]), kind)
        cleaned(job)
        command = [tool, "-s", "-G1", "-GPS*", "-SerialNumber", "-OwnerName", "-Artist", "-Make", "-XMP:all"]
        found = subprocess.run([*command, str(job.cleaned)], check=True, capture_output=True, text=True)
        assert found.stdout == ""


@pytest.mark.parametrize("tool", [True, False], ids=["with exiftool", "without"])
def test_metadata_behind_the_pixels_of_a_png(tmp_path, tool):
    content = files.picture("PNG")
    notes = b"".join(png_chunk(b"tEXt", b"Comment\0" + value) for value in (OWNER, SERIAL))
    changed = content[:-12] + notes + png_chunk(b"eXIf", b"MM\0*" + OWNER) + content[-12:] + PLACE
    assert cleaned(job_of(tmp_path, changed, "image/png", tool=exiftool() if tool else "")) == content


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))
