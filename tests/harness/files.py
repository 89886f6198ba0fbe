"""Real files for tests, made by the libraries and programs that write them: pictures, videos, sounds, documents."""

import atexit
import io
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import av
import docx
import numpy
import openpyxl
import pillow_heif
import pptx
from msoffcrypto.format.ooxml import OOXMLFile
from PIL import Image

from tests.harness.environment import need

pillow_heif.register_heif_opener()

RED, BLUE = (200, 30, 30), (30, 30, 200)


def two_colors(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Return a picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    return picture


def picture(form: str, made: Image.Image | None = None, **options: object) -> bytes:
    """Return a picture in a format of Pillow, such as `JPEG` or `HEIF`."""
    written = io.BytesIO()
    (made or two_colors()).save(written, form, **options)
    return written.getvalue()


def psd() -> bytes:
    """Return a PSD file without layers: the head, the resolution, and the colors one after the other."""
    made = two_colors()
    head = struct.pack(">4sH6xHLLHH", b"8BPS", 1, 3, made.height, made.width, 8, 3)
    resolution = struct.pack(">4sHHLLHHLHH", b"8BIM", 0x03ED, 0, 16, 72 << 16, 1, 1, 72 << 16, 1, 1)
    sections = struct.pack(">LL", 0, len(resolution)) + resolution + struct.pack(">LH", 0, 0)
    return head + sections + b"".join(band.tobytes() for band in made.split())


@cache
def recording(
    form: str,
    *,
    video: str = "",
    sound: str = "",
    seconds: float = 1.0,
    size: tuple[int, int] = (96, 64),
    **options: str,
) -> bytes:
    """Return a video or a sound, with the codecs of FFmpeg: `recording("mp4", video="mpeg4", sound="aac")`."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "recording")
        with av.open(str(path), "w", format=form, options=options) as container:
            pictures = _video_stream(container, video, size) if video else None
            sounds = container.add_stream(sound, rate=48_000, layout="mono") if sound else None
            if pictures is not None:
                _write_pictures(container, pictures, seconds, size)
            if sounds is not None:
                _write_sound(container, sounds, seconds)
        return path.read_bytes()


def _video_stream(container, codec: str, size: tuple[int, int]):
    stream = container.add_stream(codec, rate=10)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    return stream


def _write_pictures(container, stream, seconds: float, size: tuple[int, int]) -> None:
    for number in range(round(seconds * 10)):
        frame = av.VideoFrame.from_image(two_colors(size)).reformat(format="yuv420p")
        frame.pts = number
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _write_sound(container, stream, seconds: float) -> None:
    resampler = av.AudioResampler(stream.format.name, "mono", 48_000)
    length = stream.codec_context.frame_size or 960
    for number in range(round(seconds * 48_000 / length)):
        frame = av.AudioFrame.from_ndarray(numpy.zeros((1, length), dtype="float32"), "fltp", "mono")
        frame.sample_rate, frame.pts = 48_000, number * length
        for ready in resampler.resample(frame):
            container.mux(stream.encode(ready))
    container.mux(stream.encode(None))


def amr(*, wide: bool = False) -> bytes:
    """Return half a second of silence in AMR, frames of 20 ms."""
    head, frame = (b"#!AMR-WB\n", b"\x04" + bytes(17)) if wide else (b"#!AMR\n", b"\x3c" + bytes(31))
    return head + frame * 25


def archive(*names: str, **contents: bytes) -> bytes:
    """Return a ZIP file with entries of these names, in this order."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        for name in names:
            made.writestr(name, contents.get(name, b"<x/>"))
    return written.getvalue()


def reordered(content: bytes, order: Callable[[list[str]], list[str]]) -> bytes:
    """Return an archive with the same entries in another order, compressed or not."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as read, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        for name in order(read.namelist()):
            made.writestr(name, read.read(name))
    return written.getvalue()


def _saved(document) -> bytes:
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


@cache
def word() -> bytes:
    return _saved(docx.Document())


@cache
def excel() -> bytes:
    return _saved(openpyxl.Workbook())


@cache
def powerpoint() -> bytes:
    return _saved(pptx.Presentation())


SOURCES = {"docx": word, "xlsx": excel, "pptx": powerpoint}


@cache
def converted(source: str, target: str) -> bytes:
    """Return a document of ours (`docx`, `xlsx` or `pptx`) that LibreOffice converted to `doc`, `odt`, `pdf` …

    The test is skipped without LibreOffice.
    """
    program = need(shutil.which("soffice"), "LibreOffice is not installed (on Debian: libreoffice-writer-nogui …)")
    with TemporaryDirectory() as folder:
        Path(folder, f"document.{source}").write_bytes(SOURCES[source]())
        options = [f"-env:UserInstallation=file://{_profile()}", "--headless", "--convert-to", target]
        command = [program, *options, "--outdir", folder, f"{folder}/document.{source}"]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return Path(folder, f"document.{target}").read_bytes()


@cache
def _profile() -> str:
    """Return the folder of LibreOffice's settings, which it makes at its first start; removed at the end."""
    folder = mkdtemp(prefix="office-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def encrypted(source: str, password: str = "secret") -> bytes:
    """Return a document of ours (`docx`, `xlsx` or `pptx`) that needs a password."""
    written = io.BytesIO()
    OOXMLFile(io.BytesIO(SOURCES[source]())).encrypt(password, written)
    return written.getvalue()


def with_macros(content: bytes, folder: str) -> bytes:
    """Return an office document with a part for macros, in `word`, `xl` or `ppt`."""
    written = io.BytesIO(content)
    with zipfile.ZipFile(written, "a") as made:
        made.writestr(f"{folder}/vbaProject.bin", bytes(64))
    return written.getvalue()
