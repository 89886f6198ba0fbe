"""The names of files, as their owners wrote them."""

import re
from collections.abc import Mapping

from messaging.uploads.archives import (
    DOCM,
    DOCX,
    ENCRYPTED,
    EXCEL,
    KEYNOTE,
    NUMBERS,
    ODP,
    ODS,
    ODT,
    PAGES,
    POWERPOINT,
    PPTM,
    PPTX,
    XLSB,
    XLSM,
    XLSX,
    ZIP,
)
from messaging.uploads.texts import CSV, TEXT

MAX_NAME_LENGTH = 255
_ENDINGS: Mapping[str, str] = {
    "image/jpeg": ".jpg .jpeg .jpe .jfif",
    "image/png": ".png .apng",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/heic": ".heic .heif",
    "image/avif": ".avif",
    "image/bmp": ".bmp .dib",
    "image/tiff": ".tif .tiff",
    "image/vnd.adobe.photoshop": ".psd .psb",
    "video/mp4": ".mp4 .m4v",
    "video/quicktime": ".mov .qt",
    "video/webm": ".webm",
    "video/3gpp": ".3gp .3gpp .3g2",
    "video/x-matroska": ".mkv",
    "audio/mpeg": ".mp3 .mpga",
    "audio/mp4": ".m4a .m4b .mp4",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "audio/amr-wb": ".awb .amr",
    "audio/3gpp": ".3gp .3gpp .3g2",
    "audio/ogg": ".ogg .oga .opus",
    "audio/x-wav": ".wav",
    "audio/webm": ".webm .weba",
    "audio/x-matroska": ".mka .mkv",
    "application/pdf": ".pdf",
    "application/rtf": ".rtf .doc",
    "application/msword": ".doc .dot",
    EXCEL: ".xls .xlt",
    POWERPOINT: ".ppt .pps .pot",
    DOCX: ".docx .dotx",
    XLSX: ".xlsx .xltx",
    PPTX: ".pptx .ppsx .potx",
    DOCM: ".docm .dotm",
    XLSM: ".xlsm .xltm .xlam",
    PPTM: ".pptm .ppsm .potm .ppam",
    XLSB: ".xlsb",
    ODT: ".odt .ott",
    ODS: ".ods .ots",
    ODP: ".odp .otp",
    PAGES: ".pages",
    NUMBERS: ".numbers",
    KEYNOTE: ".key",
    TEXT: ".txt",
    CSV: ".csv",
    ZIP: ".zip",
}
"""The endings of each type, the usual one first. Encrypted documents keep the ending that they came with."""
ENDINGS = {kind: tuple(endings.split()) for kind, endings in _ENDINGS.items()}
_BINARY_ENDINGS = {one for kind, endings in ENDINGS.items() if kind not in {TEXT, CSV, ZIP} for one in endings}
_KEEPING = {TEXT, CSV, ZIP, ENCRYPTED}

_REMOVED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
"""Control characters, bidi controls, separators of lines, and code points that are no characters."""
_ENDING = re.compile(r"\.\w{1,12}\Z")


def ending_of(name: str) -> str:
    """Return the ending of a file name in lower case, with its dot; "" without one."""
    found = _ENDING.search(name)
    return found[0].lower() if found else ""


def safe_file_name(name: str, content_type: str) -> str:
    """Return the client's file name without path, control characters and bidi controls, with an ending that fits the
    content type. Archives and texts keep the ending that they came with."""
    name = _REMOVED.sub("", name)
    name = re.split(r"[/\\]", name)[-1].strip().strip(".").strip() or "file"
    ending = ending_of(name)
    endings = ENDINGS.get(content_type, ("",))
    if ending in endings or (ending and _keeps(ending, content_type)):
        stem = name[: len(name) - len(ending)]
        return stem[: MAX_NAME_LENGTH - len(ending)] + name[len(stem) :]
    return name[: MAX_NAME_LENGTH - len(endings[0])] + endings[0]


def with_ending_of(name: str, content_type: str) -> str:
    """Return the name of a file that was converted to another type."""
    return name[: len(name) - len(ending_of(name))] + ENDINGS[content_type][0]


def _keeps(ending: str, content_type: str) -> bool:
    """Whether a type whose files have many endings keeps this one. A text that claims to be a picture does not."""
    return content_type in _KEEPING and not (content_type in {TEXT, CSV} and ending in _BINARY_ENDINGS)
