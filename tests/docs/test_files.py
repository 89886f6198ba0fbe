"""The table of types in docs/files.md, compared with what happens to real files."""

import re
import shutil

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from messaging.payloads import AttachmentPayload
from messaging.uploads import decoding
from messaging.uploads.content_types import shown_inline
from messaging.uploads.services import read_upload, store_upload
from tests.factories import make_user
from tests.harness import files
from tests.harness.environment import ROOT, need

pytestmark = pytest.mark.django_db

IWORK = ("Metadata/Properties.plist", "Index/Document.iwa", "preview.jpg")
SAMPLES = {
    "JPEG": lambda: files.picture("JPEG"),
    "PNG": lambda: files.picture("PNG"),
    "GIF": lambda: files.picture("GIF"),
    "WebP": lambda: files.picture("WEBP"),
    "HEIC": lambda: files.picture("HEIF"),
    "AVIF": lambda: files.picture("AVIF"),
    "BMP": lambda: files.picture("BMP"),
    "TIFF": lambda: files.picture("TIFF"),
    "PSD": files.psd,
    "MP4": lambda: files.recording("mp4", video="libx264", sound="aac"),
    "MOV": lambda: files.recording("mov", video="mpeg4", sound="aac"),
    "WebM": lambda: files.recording("webm", video="libvpx", sound="libopus"),
    "3GP": lambda: files.recording("3gp", video="mpeg4", sound="aac"),
    "MKV": lambda: files.recording("matroska", video="libx264", sound="aac"),
    "MP3": lambda: files.recording("mp3", sound="libmp3lame"),
    "M4A, MP4 without pictures": lambda: files.recording("ipod", sound="aac"),
    "AAC": lambda: files.recording("adts", sound="aac"),
    "AMR": files.amr,
    "AMR, wide band": lambda: files.amr(wide=True),
    "3GP without pictures": lambda: files.recording("3gp", sound="aac"),
    "OGG, Opus": lambda: files.recording("ogg", sound="libopus"),
    "WAV": lambda: files.recording("wav", sound="pcm_s16le"),
    "WebM without pictures": lambda: files.recording("webm", sound="libopus"),
    "MKA": lambda: files.recording("matroska", sound="aac"),
    "PDF, with up to 1,024 bytes before it": lambda: b"\n" * 1024 + files.converted("docx", "pdf"),
    "DOC": lambda: files.converted("docx", "doc"),
    "XLS": lambda: files.converted("xlsx", "xls"),
    "PPT": lambda: files.converted("pptx", "ppt"),
    "DOCX": files.word,
    "XLSX": files.excel,
    "PPTX": files.powerpoint,
    "DOCM": lambda: files.with_macros(files.word(), "word"),
    "XLSM": lambda: files.with_macros(files.excel(), "xl"),
    "PPTM": lambda: files.with_macros(files.powerpoint(), "ppt"),
    "XLSB": lambda: files.archive("[Content_Types].xml", "xl/workbook.bin"),
    "DOCX, XLSX, PPTX with a password": lambda: files.encrypted("xlsx"),
    "ODT": lambda: files.converted("docx", "odt"),
    "ODS": lambda: files.converted("xlsx", "ods"),
    "ODP": lambda: files.converted("pptx", "odp"),
    "RTF": lambda: files.converted("docx", "rtf"),
    "Pages": lambda: files.archive(*IWORK),
    "Numbers": lambda: files.archive(*IWORK),
    "Keynote": lambda: files.archive(*IWORK, "Index/Slide.iwa"),
    "ZIP, and archives of other programs": lambda: files.archive("a.txt"),
    "Text, also HTML, SVG, XML and scripts": lambda: b"<!doctype html><script>alert(1)</script>",
    "Text with the ending `.csv`": "Name;Größe\r\n".encode,
}
NAMES = {
    "Pages": "a.pages",
    "Numbers": "a.numbers",
    "Keynote": "a.key",
    "ZIP, and archives of other programs": "book.epub",
    "Text, also HTML, SVG, XML and scripts": "page.html",
    "Text with the ending `.csv`": "table.csv",
    "DOCX, XLSX, PPTX with a password": "table.xlsx",
}
"""The names of files whose ending is kept or decides; all others are called `file`."""
SEEN = ("image/", "video/")


def rows() -> dict[str, list[str]]:
    """Return the other columns of the table by the first."""
    page = (ROOT / "docs/files.md").read_text()
    table = re.search(r"<!-- types:.*?-->\n(.*?)<!-- end", page, re.DOTALL)[1].splitlines()[2:]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {row[0]: row[1:] for row in found}


ROWS = rows()


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def stored(name: str):
    return store_upload(owner=make_user(), file=SimpleUploadedFile(NAMES.get(name, "file"), SAMPLES[name]()))


def test_each_accepted_type_has_a_row(settings):
    assert sorted(row[0].strip("`") for row in ROWS.values()) == sorted(settings.UPLOAD_TYPES)
    assert ROWS.keys() == SAMPLES.keys()


@pytest.mark.parametrize("name", ROWS)
def test_a_row(name):
    need(shutil.which("exiftool"), "exiftool is not installed (on Debian: libimage-exiftool-perl)")
    kind, shown_as, rendition, metadata, inline = ROWS[name]
    upload = stored(name)
    payload = AttachmentPayload.of(upload)
    assert f"`{upload.content_type}`" == kind
    assert (payload.kind, payload.status) == (shown_as, "ready")
    assert bool(upload.rendition) == (rendition == "yes")
    assert upload.rendition_type == ("image/jpeg" if rendition == "yes" else "")
    assert payload.metadata_removed == (metadata != "kept")
    assert shown_inline(upload.content_type) == (inline == "yes")
    is_seen = upload.content_type.startswith(SEEN)
    assert ((payload.width, payload.height) == (96, 64)) == is_seen
    assert bool(payload.thumbnail_url) == bool(payload.placeholder) == is_seen
    assert (payload.duration is not None) == upload.content_type.startswith(("video/", "audio/"))
    assert payload.size == len(read_upload(user=upload.owner, upload_id=upload.pk).content)
    assert upload.name == NAMES.get(name, upload.name)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row[3] != "kept"])
def test_a_row_without_exiftool(name, monkeypatch):
    monkeypatch.setattr(decoding, "exiftool", lambda: None)
    kind, _, _, metadata, _ = ROWS[name]
    upload = stored(name)
    is_replaced = metadata == "removed, or replaced"
    assert f"`{upload.content_type}`" == ("`image/jpeg`" if is_replaced else kind)
    assert upload.metadata_removed == (metadata != "removed by exiftool")
    if is_replaced:
        assert upload.name == "file.jpg"
        assert not upload.rendition
        assert read_upload(user=upload.owner, upload_id=upload.pk).content[:3] == b"\xff\xd8\xff"
