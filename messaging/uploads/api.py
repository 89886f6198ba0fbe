"""The REST endpoints of files."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import Field
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import SessionJWTAuthentication, UserRequest
from foundation.clock import rfc3339
from foundation.openapi import STATUS_DESCRIPTIONS, Problem, describe
from foundation.query_params import Flag, Query
from foundation.rest import PROBLEM_CONTENT_TYPE, JSONParser, success_response
from messaging.payloads import AttachmentPayload
from messaging.rate_limits import UPLOADS, check_user_limit
from messaging.requests import DescribeUploadRequest
from messaging.responses import LinkResponse, UploadResponse
from messaging.uploads.content_types import shown_inline
from messaging.uploads.downloads import file_response
from messaging.uploads.links import ACTIONS, LinkAuthentication, LinkIdentity, make_link
from messaging.uploads.services import describe_upload, read_upload, store_upload

FORM = {
    "multipart/form-data": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "voice": {"type": "string", "enum": ["true", "false"], "description": "`true` for a recorded voice note"},
        },
    }
}
FILE: dict[Any, Any] = {
    (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, description="The content of the file"),
    (206, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, description=STATUS_DESCRIPTIONS[206]),
    **{
        (status, PROBLEM_CONTENT_TYPE): OpenApiResponse(Problem, description=STATUS_DESCRIPTIONS[status])
        for status in (401, 403, 404, 416, 429)
    },
}
PART = [
    OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range of bytes: `bytes=0-1023`"),
    OpenApiParameter("If-Range", str, OpenApiParameter.HEADER, description="The `ETag` to which the range belongs"),
]


class LinkQuery(Query):
    thumbnail: Flag = Field(False, description="`true`: a link of the thumbnail")
    download: Flag = Field(False, description="`true`: browsers save the file, and do not show it")


class UploadViewSet(ViewSet):
    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return the ways to authenticate. Links open files and thumbnails only."""
        action = getattr(self, "action", None) or self.action_map.get((self.request.method or "").lower())
        return [SessionJWTAuthentication(), *([LinkAuthentication()] if action in ACTIONS else [])]

    def get_parsers(self) -> list[BaseParser]:
        method = getattr(self.request, "method", None)  # there is no request while the OpenAPI document is made
        return [JSONParser() if method == "PATCH" else MultiPartParser()]

    @describe("Upload a file, to send it with a message or with work", request=FORM, responses={201: UploadResponse})
    def create(self, request: UserRequest) -> Response:
        check_user_limit(UPLOADS, request.user)
        is_voice = request.POST.get("voice") == "true"
        upload = store_upload(owner=request.user, file=request.FILES.get("file"), is_voice=is_voice)
        return success_response(201, upload=AttachmentPayload.of(upload))

    @extend_schema(summary="Download a file; participants can download a sent file", responses=FILE, parameters=PART)
    def retrieve(self, request: UserRequest, pk: str) -> HttpResponseBase:
        return _download(request, pk)

    @describe(
        "Describe a file that was not sent yet",
        request=DescribeUploadRequest,
        responses={200: UploadResponse},
    )
    def partial_update(self, request: UserRequest, pk: str) -> Response:
        data = DescribeUploadRequest.parse(request.data)
        upload = describe_upload(user=request.user, upload_id=pk, data=data)
        return success_response(upload=AttachmentPayload.of(upload))

    @extend_schema(summary="Download a small WebP version of a picture", responses=FILE, parameters=PART)
    @action(detail=True, methods=["get"])
    def thumbnail(self, request: UserRequest, pk: str) -> HttpResponseBase:
        return _download(request, pk, thumbnail=True)

    @describe(
        "Make a link of a file: an address that needs no access token, for a short time",
        query=LinkQuery,
        responses={200: LinkResponse},
    )
    @action(detail=True, methods=["get"])
    def link(self, request: UserRequest, pk: str) -> Response:
        query = LinkQuery.of(request)
        link = make_link(identity=request.auth, upload_id=pk, thumbnail=query.thumbnail, download=query.download)
        response = success_response(url=link.url, expires_at=rfc3339(link.expires_at))
        response["Cache-Control"] = "no-store"
        return response


def _download(request: UserRequest, upload_id: str, *, thumbnail: bool = False) -> HttpResponseBase:
    link = request.auth if isinstance(request.auth, LinkIdentity) else None
    is_shown = link is not None and not link.download
    # The view was recorded when the link was made. A player uses a link many times.
    stored = read_upload(
        user=request.user, upload_id=upload_id, thumbnail=thumbnail, shown=is_shown, record=link is None
    )
    response = file_response(request, stored, inline=is_shown and shown_inline(stored.content_type))
    if link is not None:
        response["Cache-Control"] = "private"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"  # the signature is the permission
    return response
