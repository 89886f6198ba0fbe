"""The content type of a file follows from its content; its name decides only what the content leaves open."""

import contextlib
import io
import struct
import zlib

import pytest

from foundation.errors import UnsupportedMediaType
from messaging.uploads import archives
from messaging.uploads.content_types import content_type_of, shown_inline
from tests.harness import files

MP4 = files.recording("mp4", video="mpeg4", sound="aac")


def type_of(content: bytes, name: str = "holiday.xyz") -> str:
    return content_type_of(io.BytesIO(content), name)


def is_refused(content: bytes, name: str = "photo.png") -> bool:
    with pytest.raises(UnsupportedMediaType):
        type_of(content, name)
    return True


PICTURES = {
    "image/jpeg": files.picture("JPEG"),
    "image/png": files.picture("PNG"),
    "image/gif": files.picture("GIF"),
    "image/webp": files.picture("WEBP"),
    "image/heic": files.picture("HEIF"),
    "image/avif": files.picture("AVIF"),
    "image/bmp": files.picture("BMP"),
    "image/tiff": files.picture("TIFF"),
    "image/vnd.adobe.photoshop": files.psd(),
}
RECORDINGS = {
    "video/mp4": ("mp4", {"video": "mpeg4", "sound": "aac"}),
    "video/quicktime": ("mov", {"video": "mpeg4"}),
    "video/3gpp": ("3gp", {"video": "mpeg4", "sound": "aac"}),
    "video/webm": ("webm", {"video": "libvpx", "sound": "libopus"}),
    "video/x-matroska": ("matroska", {"video": "mpeg4"}),
    "audio/mpeg": ("mp3", {"sound": "libmp3lame"}),
    "audio/mp4": ("ipod", {"sound": "aac"}),
    "audio/3gpp": ("3gp", {"sound": "aac"}),
    "audio/aac": ("adts", {"sound": "aac"}),
    "audio/ogg": ("ogg", {"sound": "libopus"}),
    "audio/x-wav": ("wav", {"sound": "pcm_s16le"}),
    "audio/webm": ("webm", {"sound": "libopus"}),
    "audio/x-matroska": ("matroska", {"sound": "aac"}),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures(kind):
    assert type_of(PICTURES[kind]) == kind


@pytest.mark.parametrize("kind", RECORDINGS)
def test_videos_and_sounds(kind):
    form, streams = RECORDINGS[kind]
    assert type_of(files.recording(form, **streams)) == kind


@pytest.mark.parametrize(
    ("form", "options", "kind"),
    [
        ("mp4", {"sound": "aac"}, "audio/mp4"),  # as browsers record voice notes
        ("mp4", {"sound": "libopus"}, "audio/mp4"),
        ("mp4", {"sound": "aac", "movflags": "frag_keyframe+empty_moov"}, "audio/mp4"),
        ("mp4", {"video": "mpeg4", "sound": "aac", "movflags": "faststart"}, "video/mp4"),
        ("mp3", {"sound": "libmp3lame", "id3v2_version": "0", "write_xing": "0"}, "audio/mpeg"),
        ("mp3", {"sound": "libmp3lame", "id3v2_version": "3"}, "audio/mpeg"),
        ("ogg", {"sound": "flac"}, "audio/ogg"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_recordings_of_other_programs(form, options, kind):
    assert type_of(files.recording(form, **options)) == kind


def test_amr():
    assert type_of(files.amr()) == "audio/amr"
    assert type_of(files.amr(wide=True)) == "audio/amr-wb"


def test_quicktime_without_a_type_box():
    movie = files.recording("mov", video="mpeg4")
    head = struct.unpack(">L", movie[:4])[0]
    assert type_of(movie[head:]) == "video/quicktime"
    assert is_refused(b"\0\0\0\x08mdat" + bytes(600))


OFFICE = {
    "docx": ("word", files.word, archives.DOCX, archives.DOCM),
    "xlsx": ("xl", files.excel, archives.XLSX, archives.XLSM),
    "pptx": ("ppt", files.powerpoint, archives.PPTX, archives.PPTM),
}


@pytest.mark.parametrize("kind", OFFICE)
def test_office_documents_with_their_parts_in_any_order(kind):
    folder, made, plain, with_macros = OFFICE[kind]
    content = made()
    assert type_of(content) == plain
    assert type_of(files.reordered(content, sorted)) == plain
    assert type_of(files.reordered(content, lambda names: sorted(names, reverse=True))) == plain
    assert type_of(files.reordered(content, lambda names: [*names[2:], *names[:2]])) == plain
    assert type_of(files.with_macros(content, folder)) == with_macros
    assert type_of(files.encrypted(kind)) == archives.ENCRYPTED


def test_a_binary_workbook():
    names = ("[Content_Types].xml", "_rels/.rels", "xl/workbook.bin")
    assert type_of(files.archive(*names)) == archives.XLSB


IWORK = ("Metadata/Properties.plist", "Index/Document.iwa", "Index/Stylesheet.iwa", "preview.jpg")


@pytest.mark.parametrize(
    ("entries", "name", "kind"),
    [
        (IWORK, "a.pages", archives.PAGES),
        (IWORK, "a.numbers", archives.NUMBERS),
        ((*IWORK, "Index/Slide.iwa"), "a.key", archives.KEYNOTE),
        ((*IWORK, "Index/Slide-12.iwa"), "a.pages", archives.KEYNOTE),
        (IWORK, "a.zip", archives.ZIP),
        (("index.xml", "buildVersionHistory.plist"), "a.pages", archives.PAGES),
        (("index.apxl",), "a.key", archives.KEYNOTE),
        (("notes.txt", "word/document.xml"), "a.docx", archives.ZIP),
        (("mimetype", "content.xml"), "a.odt", archives.ZIP),
        (("a.txt",), "a.pages", archives.ZIP),
        ((), "a.zip", archives.ZIP),
    ],
    ids=str,
)
def test_archives(entries, name, kind):
    assert type_of(files.archive(*entries), name) == kind


@pytest.mark.parametrize("kind", ["text", "spreadsheet", "presentation"])
def test_open_documents(kind):
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    content = files.archive("mimetype", "content.xml", mimetype=mimetype.encode())
    assert type_of(content) == mimetype
    template = files.archive("content.xml", "mimetype", mimetype=f"{mimetype}-template".encode())
    assert type_of(template) == mimetype


@pytest.mark.parametrize("end", range(4, 200, 7))
def test_archives_that_end_too_early(end):
    content = files.archive("[Content_Types].xml", "word/document.xml")
    assert type_of(content[:end]) == archives.ZIP


def test_an_archive_with_very_many_entries():
    names = [f"{number:06}" for number in range(30_000)]
    assert type_of(files.archive(*names)) == archives.ZIP


@pytest.mark.parametrize("length", [0, 1, 100, 1024])
def test_bytes_before_a_pdf(length):
    for filling in (b"\n", b"\0", b"x"):
        assert type_of(filling * length + b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") == "application/pdf"
    assert is_refused(b"\0" * 1025 + b"%PDF-1.7\n")


TEXTS = {
    "words": b"just some words",
    "German": "Größe, Länge\r\n\tStraße\f".encode(),
    "Hindi": "नमस्ते\n".encode() * 100_000,
    "with a byte order mark": "\ufeffwords".encode(),
    "UTF-16, little": "Größe 🐈".encode("utf-16"),
    "UTF-16, big": b"\xfe\xff" + "Größe".encode("utf-16-be"),
    "HTML": b"<html><script>alert(1)</script></html>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "XML": b"<?xml version='1.0'?><a/>",
    "script": b"#!/bin/sh\nrm -rf /\n",
    "JSON": b'{"a": 1}',
    "like a bitmap": b"BM is not a picture here",
    "like a sound": b"ID3 is not a sound here",
    "like a GIF": b"GIF89a<script>alert(1)</script>",
    "like an archive": b"PKsomething",
    "like TIFF": b"II*some words, and MM*",
}
NO_TEXTS = {
    "a program": b"MZ" + bytes(200),
    "an ELF program": b"\x7fELF" + bytes(200),
    "NUL": b"words\0words",
    "a bell": b"words\x07",
    "escape": b"\x1b[31mred",
    "C1": "words\u009b31m".encode(),
    "Latin 1": "Größe".encode("latin-1"),
    "UTF-8 cut off": "Größe".encode()[:3],
    "half a surrogate": "\ud83d".encode("utf-16", "surrogatepass"),
    "no character": "\ufffe".encode("utf-16"),
    "only the beginning of a png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "HTML that begins like a GIF": b"GIF89a<htm\xa7>" + b"<script>alert(1)</script>" * 100,
    "HTML that begins like a JPEG": b"\xff\xd8\xff<script>alert(1)</script>",
    "HTML that begins like a WebP": b"RIFF\0\0\0\0WEBP<script>alert(1)</script>",
    "an old office file without streams": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
    "compressed": zlib.compress(b"words" * 100),
    "MP3 of one frame": b"\xff\xfb\x90\x64" + bytes(30),
    "AAC of one frame": b"\xff\xf1\x4c\x40\x03\x9f\xfc" + bytes(10),
    "Ogg video": b"OggS\0\2" + bytes(22) + b"\x80theora" + bytes(50),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_texts(kind):
    assert type_of(TEXTS[kind], "notes.html") == "text/plain"
    assert type_of(TEXTS[kind], "table.CSV") == "text/csv"


@pytest.mark.parametrize("kind", NO_TEXTS)
def test_other_files_are_refused_whatever_their_names(kind):
    assert is_refused(NO_TEXTS[kind])
    assert is_refused(NO_TEXTS[kind], "a.csv")


def test_types_that_are_not_configured_are_refused(settings):
    settings.UPLOAD_TYPES = ["image/png"]
    assert type_of(PICTURES["image/png"]) == "image/png"
    assert is_refused(PICTURES["image/jpeg"])
    assert is_refused(b"words")


def test_what_may_be_shown_inline(settings):
    shown = {kind for kind in settings.UPLOAD_TYPES if shown_inline(kind)}
    assert shown == {
        *("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp"),
        *(kind for kind in settings.UPLOAD_TYPES if kind.startswith(("video/", "audio/"))),
    }
    for never in ("text/html", "image/svg+xml", "text/plain", "application/pdf", "application/xhtml+xml", ""):
        assert not shown_inline(never)


@pytest.mark.parametrize("kind", [*PICTURES, *RECORDINGS])
def test_files_that_end_anywhere_are_taken_or_refused(kind):
    content = PICTURES.get(kind) or files.recording(RECORDINGS[kind][0], **RECORDINGS[kind][1])
    for end in range(1, min(len(content), 3000), 97):
        with contextlib.suppress(UnsupportedMediaType):
            assert type_of(content[:end])
