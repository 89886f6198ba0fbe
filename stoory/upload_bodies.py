"""The requests with large bodies: uploads. Their users are known before the body is received."""

from django.conf import settings

from foundation.database.executor import in_request
from messaging.uploads.admission import check_upload
from stoory.asgi_handler import RESUMABLE_UPLOADS
from stoory.cross_origin import Scope

UPLOADS = "/api/uploads"


class UploadBodies:
    """See `stoory.body_limit.LargeBodies`. A part of a resumable upload needs no admission here: its view is called
    with the head of the request."""

    limit = settings.MAX_UPLOAD_BODY

    def include(self, scope: Scope) -> bool:
        is_upload = scope["method"] == "POST" and scope["path"].rstrip("/") == UPLOADS
        return is_upload or scope["path"].startswith(f"{RESUMABLE_UPLOADS}/")

    async def admit(self, scope: Scope, size: int) -> None:
        if not scope["path"].startswith(RESUMABLE_UPLOADS):
            found = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
            await in_request(check_upload, authorization=found[0] if found else "", size=size)
