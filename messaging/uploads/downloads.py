"""How a file leaves, by whatever door."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from messaging.uploads.services import Served


def as_download(file: Served) -> HttpResponse:
    """A file to be kept, not to be opened by the browser as if it were a page of this site."""
    return HttpResponse(
        file.content,
        content_type=file.content_type,
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=file.name),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
