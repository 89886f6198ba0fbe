"""Names of files lose paths, control characters and bidi controls, and nothing else."""

import pytest

from messaging.uploads.archives import DOCX, ENCRYPTED, ZIP
from messaging.uploads.file_names import ending_of, safe_file_name, with_ending_of

PDF = "application/pdf"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("brief.pdf", "brief.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Anna\\brief.pdf", "brief.pdf"),
        ("a\r\nb\x00.pdf", "ab.pdf"),
        ("a\x9bb\ufeff.pdf", "ab.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe.pdf"),
        ("\u2067brief\u2069\u200f.pdf", "brief.pdf"),
        ("half \ud83d.pdf", "half .pdf"),
        ("...", "file.pdf"),
        ("", "file.pdf"),
        (".pdf", "pdf.pdf"),
        (" . brief.pdf . ", "brief.pdf"),
        ("n" * 400 + ".pdf", "n" * 251 + ".pdf"),
        ("n" * 400, "n" * 251 + ".pdf"),
        ("Übersicht Ω.PDF", "Übersicht Ω.PDF"),
        ("Bildschirmfoto 2026-11-30 um 9.41.12\u202fAM.pdf", "Bildschirmfoto 2026-11-30 um 9.41.12\u202fAM.pdf"),
        ("報告書\u3000最終版.pdf", "報告書\u3000最終版.pdf"),
        ("क्\u200dष 👩\u200d💻 نمی\u200cشد.pdf", "क्\u200dष 👩\u200d💻 نمی\u200cشد.pdf"),
        ("Größe\u00a0\u2009\u200a.pdf", "Größe\u00a0\u2009\u200a.pdf"),
    ],
)
def test_names(given, shown):
    assert safe_file_name(given, PDF) == shown


@pytest.mark.parametrize(
    ("given", "content_type", "shown"),
    [
        ("photo.jpeg", "image/jpeg", "photo.jpeg"),
        ("photo.JPG", "image/jpeg", "photo.JPG"),
        ("photo.html", "image/png", "photo.html.png"),
        ("book.epub", ZIP, "book.epub"),
        ("drawing.sketch", ZIP, "drawing.sketch"),
        ("archive", ZIP, "archive.zip"),
        ("report.docx", ENCRYPTED, "report.docx"),
        ("report", ENCRYPTED, "report"),
        ("report.dotx", DOCX, "report.dotx"),
        ("report.zip", DOCX, "report.zip.docx"),
        ("page.html", "text/plain", "page.html"),
        ("README", "text/plain", "README.txt"),
        ("photo.png", "text/plain", "photo.png.txt"),
        ("table.csv", "text/csv", "table.csv"),
        ("voice.mp4", "audio/mp4", "voice.mp4"),
    ],
)
def test_endings_fit_the_type(given, content_type, shown):
    assert safe_file_name(given, content_type) == shown


def test_the_name_of_a_converted_file():
    assert with_ending_of("IMG_1234.HEIC", "image/jpeg") == "IMG_1234.jpg"
    assert with_ending_of("archive", "image/webp") == "archive.webp"


def test_endings():
    assert [ending_of(name) for name in ("a.tar.GZ", "a", "a.", "a. b", ".htaccess")] == [
        ".gz",
        "",
        "",
        "",
        ".htaccess",
    ]


@pytest.mark.parametrize("length", [250, 254, 255, 256, 1000])
def test_long_names_keep_their_ending(length):
    for name in ("n" * length + ".HEIC", "n" * length, "क" * length + ".heic"):
        shown = safe_file_name(name, "image/heic")
        assert len(shown) <= 255
        assert ending_of(shown) == ".heic"
