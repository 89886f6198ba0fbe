"""The HTTP response that carries a file."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from messaging.uploads.services import FileDownload


def download_response(file: FileDownload) -> HttpResponse:
    """Return a response that browsers save as a file, and never open as a page of this site."""
    return HttpResponse(
        file.content,
        content_type=file.content_type,
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=file.name),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
