"""Detects the types of files that are archives: office documents of all makers, in ZIP and in OLE containers."""

import re
import struct
from collections.abc import Mapping
from typing import IO

import olefile

ZIP = "application/zip"
ENCRYPTED = "application/encrypted"
_MS, _OPEN, _APPLE = "application/vnd.ms-", "application/vnd.openxmlformats-officedocument", "application/vnd.apple"
WORD, EXCEL, POWERPOINT = f"{_MS}word", f"{_MS}excel", f"{_MS}powerpoint"
DOCX, XLSX, PPTX = (
    f"{_OPEN}.{one}" for one in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
)
DOCM, XLSM, PPTM = (
    f"{one}.macroEnabled.12" for one in (f"{WORD}.document", f"{EXCEL}.sheet", f"{POWERPOINT}.presentation")
)
XLSB = f"{EXCEL}.sheet.binary.macroEnabled.12"
PAGES, NUMBERS, KEYNOTE = f"{_APPLE}.pages", f"{_APPLE}.numbers", f"{_APPLE}.keynote"
ODT, ODS, ODP = (f"application/vnd.oasis.opendocument.{one}" for one in ("text", "spreadsheet", "presentation"))
OFFICE_TYPES = (
    *(DOCX, XLSX, PPTX, DOCM, XLSM, PPTM, XLSB, ENCRYPTED),
    *("application/msword", EXCEL, POWERPOINT, ODT, ODS, ODP, PAGES, NUMBERS, KEYNOTE),
)

MAX_DIRECTORY = 1024 * 1024
"""Bytes of a directory of an archive that are read."""
_END, _ENTRY, _LOCAL = struct.Struct("<4s8x2L2x"), struct.Struct("<4s24x3H8xL"), struct.Struct("<4s22x2H")
_STORED_TYPE = re.compile(rb"application/[\w.+-]{1,80}", re.ASCII)
_OPEN_XML = {"word/": (DOCX, DOCM), "xl/": (XLSX, XLSM), "ppt/": (PPTX, PPTM)}
_IWORK_ENDINGS = {".pages": PAGES, ".numbers": NUMBERS, ".key": KEYNOTE}
_OLE_STREAMS = {
    "encryptedpackage": ENCRYPTED,
    "worddocument": "application/msword",
    "workbook": EXCEL,
    "book": EXCEL,
    "powerpoint document": POWERPOINT,
}


def type_of_zip(file: IO[bytes], ending: str) -> str:
    """Return the content type of a ZIP file by the names of its entries, in any order. `ending` decides only which
    program of iWork wrote a file."""
    entries = _entries(file)
    return _open_xml(entries) or _open_document(file, entries) or _iwork(entries, ending) or ZIP


def _entries(file: IO[bytes]) -> dict[str, int]:
    """Return the positions of the entries by name, from the first `MAX_DIRECTORY` bytes of the directory."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) - place < _END.size:
        return {}
    _, length, offset = _END.unpack_from(tail, place)
    start = size - len(tail) + place - length
    file.seek(max(0, start))
    return _names(file.read(min(length, MAX_DIRECTORY)), start - offset)


def _names(directory: bytes, shift: int) -> dict[str, int]:
    found, place = {}, 0
    while len(directory) - place >= _ENTRY.size:
        mark, name, extra, comment, offset = _ENTRY.unpack_from(directory, place)
        if mark != b"PK\1\2":
            break
        place += 46
        found[directory[place : place + name].decode("utf-8", "replace").replace("\\", "/")] = offset + shift
        place += name + extra + comment
    return found


def _open_xml(entries: Mapping[str, int]) -> str | None:
    names = {name.lower() for name in entries}
    if "[content_types].xml" not in names:
        return None
    if "xl/workbook.bin" in names:
        return XLSB
    for folder, (plain, with_macros) in _OPEN_XML.items():
        if any(name.startswith(folder) for name in names):
            return with_macros if f"{folder}vbaproject.bin" in names else plain
    return None


def _open_document(file: IO[bytes], entries: Mapping[str, int]) -> str | None:
    """Return the type that an OpenDocument file states in its entry `mimetype`. A template has the document's type."""
    if (place := entries.get("mimetype", -1)) < 0:
        return None
    file.seek(place)
    head = file.read(30)
    if len(head) < 30:
        return None
    _, name, extra = _LOCAL.unpack_from(head)
    file.seek(place + 30 + name + extra)
    stated = _STORED_TYPE.match(file.read(100))
    kind = stated[0].decode().partition("PK")[0].removesuffix("-template") if stated else ""
    return next((one for one in (ODT, ODS, ODP) if kind.startswith(one)), None)


def _iwork(entries: Mapping[str, int], ending: str) -> str | None:
    names = set(entries)
    if not names & {"Index/Document.iwa", "Index.zip", "index.xml", "index.apxl"}:
        return None
    if "index.apxl" in names or any(name.startswith("Index/Slide") for name in names):
        return KEYNOTE
    return _IWORK_ENDINGS.get(ending)


def type_of_ole(file: IO[bytes]) -> str | None:
    """Return the content type of an OLE file by the names of its streams; None for a damaged file and others."""
    file.seek(0)
    try:
        with olefile.OleFileIO(file) as container:
            names = {path[0].lower() for path in container.listdir()}
    except Exception:  # for damaged files, olefile raises many kinds of errors
        return None
    return next((kind for name, kind in _OLE_STREAMS.items() if name in names), None)
