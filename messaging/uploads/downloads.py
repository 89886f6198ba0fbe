"""The HTTP responses that carry a file."""

import hashlib
from typing import Any

from django.core.files import File
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from foundation.file_streams import FileStream, RangeNotSatisfiable, Source, requested_part
from foundation.rest import PROBLEM_CONTENT_TYPE, problem_document
from messaging.uploads.services import StoredFile


class _OpenedFile:
    """A file of the storage, read from any position."""

    def __init__(self, file: "File[bytes]") -> None:
        self.size = file.size
        self._file = file
        self.close = file.close

    def read(self, start: int, count: int) -> bytes:
        self._file.seek(start)
        return self._file.read(count)


def download_response(content: bytes, content_type: str, name: str) -> HttpResponse:
    """Return a response that browsers save as a file, and never open as a page of this site."""
    return HttpResponse(content, headers=_headers(content_type, name, inline=False))


def file_response(request: HttpRequest, stored: StoredFile, *, inline: bool = False) -> HttpResponseBase:
    """Return a response that streams a stored file, or the part of it that `Range` and `If-Range` ask for.

    Browsers save the file; if `inline` is set, they show it. Raises `NotFound` if the storage does not have the file.
    """
    tag = f'"{hashlib.blake2b((stored.file.name or "").encode(), digest_size=16).hexdigest()}"'
    headers = _headers(stored.content_type, stored.name, inline=inline) | {"ETag": tag, "Accept-Ranges": "bytes"}
    answer = get_conditional_response(request, etag=tag) or _streamed(request, stored, tag)
    for name, value in headers.items():
        if answer.status_code < 400 and not (answer.status_code == 304 and name.startswith("Content-")):
            answer[name] = value
    return answer


def _streamed(request: HttpRequest, stored: StoredFile, tag: str) -> HttpResponseBase:
    source: Source = _OpenedFile(stored.open())
    try:
        part = _requested_part(request, source.size, tag)
    except RangeNotSatisfiable as error:
        source.close()
        answer = JsonResponse(problem_document(error), status=error.status, content_type=PROBLEM_CONTENT_TYPE)
        answer["Content-Range"] = f"bytes */{source.size}"
        return answer
    if request.method == "HEAD":
        source.close()
        return HttpResponse(headers={"Content-Length": str(source.size)})
    if part is None:
        return FileStream(source, range(source.size))
    partial = FileStream(source, part, status=206)
    partial["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{source.size}"
    return partial


def _requested_part(request: HttpRequest, size: int, tag: str) -> range | None:
    if request.method != "GET" or request.headers.get("If-Range", tag) != tag:
        return None
    return requested_part(request.headers.get("Range", ""), size)


def _headers(content_type: str, name: str, *, inline: bool) -> dict[str, Any]:
    return {
        "Content-Type": content_type,
        "Content-Disposition": content_disposition_header(as_attachment=not inline, filename=name) or "inline",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private" if inline else "private, no-store",
    }
