"""Responses that send a file, or a part of it, in chunks. Memory does not grow with the size of the file."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Protocol

from django.http import StreamingHttpResponse

from foundation.errors import DomainError

CHUNK_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="file")
"""Threads that read chunks. A client that reads slowly holds no thread."""


class RangeNotSatisfiable(DomainError):
    """The file ends before the first byte of the requested range."""

    code: ClassVar[str] = "range_not_satisfiable"
    status: ClassVar[int] = 416
    default_message: ClassVar[str] = "The file ends before this range."


class Source(Protocol):
    """An opened file, for one reader."""

    size: int
    """In bytes."""

    def read(self, start: int, count: int) -> bytes:
        """Return `count` bytes from the position `start`, both inside of the file. Raises `OSError` if that fails."""

    def close(self) -> None: ...


def requested_part(header: str, size: int) -> range | None:
    """Return the positions of the bytes that a `Range` header (RFC 9110, section 14.2) asks for.

    Returns None for a header to ignore: malformed, in another unit, or with several ranges. Raises
    `RangeNotSatisfiable`.
    """
    found = _RANGE.fullmatch(header)
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if not first:
        part = range(max(0, size - int(last)), size)
    elif last and int(last) < int(first):
        return None
    else:
        part = range(int(first), min(int(last) + 1, size) if last else size)
    if not part:
        raise RangeNotSatisfiable
    return part


class FileStream(StreamingHttpResponse):
    """Sends the bytes of a source at the positions in `part`, and closes the source.

    Under ASGI, a chunk is read when the server can send it.
    """

    def __init__(self, source: Source, part: range, **options: Any) -> None:
        self._source, self._part = source, part
        super().__init__(self._read_all(), **options)
        self["Content-Length"] = str(len(part))

    def close(self) -> None:
        super().close()
        self._source.close()

    def _read_all(self) -> Iterator[bytes]:
        try:
            for start in self._starts():
                yield self._read(start)
        finally:
            self._source.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        for start in self._starts():
            yield await loop.run_in_executor(_threads, self._read, start)

    def _starts(self) -> range:
        return range(self._part.start, self._part.stop, CHUNK_BYTES)

    def _read(self, start: int) -> bytes:
        count = min(CHUNK_BYTES, self._part.stop - start)
        chunk = self._source.read(start, count)
        if len(chunk) < count:
            raise OSError("The file ends early.")
        return chunk
