"""Recognizes text: valid UTF-8 or UTF-16 without control characters."""

import codecs
import re
from typing import IO

TEXT, CSV = "text/plain", "text/csv"
_CHUNK = 256 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def type_of_text(file: IO[bytes], ending: str) -> str | None:
    """Return `text/plain` or, by its ending, `text/csv`; None for other files. Markup and scripts are plain text."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(_MARKS.get(file.read(2), "utf-8"))()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            if _CONTROL.search(decoder.decode(chunk)):
                return None
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return CSV if ending == ".csv" else TEXT
