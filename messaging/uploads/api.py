"""The REST endpoints of files."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from foundation.openapi import STATUS_DESCRIPTIONS, Problem, describe
from foundation.rest import PROBLEM_CONTENT_TYPE, JSONParser, success_response
from messaging.payloads import AttachmentPayload
from messaging.rate_limits import UPLOADS, check_user_limit
from messaging.requests import DescribeUploadRequest
from messaging.responses import UploadResponse
from messaging.uploads.downloads import download_response
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
FILE = {
    (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, description="The content of the file"),
    **{
        (status, PROBLEM_CONTENT_TYPE): OpenApiResponse(Problem, description=STATUS_DESCRIPTIONS[status])
        for status in (401, 403, 404, 429)
    },
}


class UploadViewSet(ViewSet):
    def get_parsers(self) -> list[BaseParser]:
        method = getattr(self.request, "method", None)  # there is no request while the OpenAPI document is made
        return [JSONParser() if method == "PATCH" else MultiPartParser()]

    @describe("Upload a file, to send it with a message or with work", request=FORM, responses={201: UploadResponse})
    def create(self, request: UserRequest) -> Response:
        check_user_limit(UPLOADS, request.user)
        is_voice = request.POST.get("voice") == "true"
        upload = store_upload(owner=request.user, file=request.FILES.get("file"), is_voice=is_voice)
        return success_response(201, upload=AttachmentPayload.of(upload))

    @extend_schema(summary="Download a file; participants can download a sent file", responses=FILE)
    def retrieve(self, request: UserRequest, pk: str) -> HttpResponse:
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

    @extend_schema(summary="Download a small WebP version of a picture", responses=FILE)
    @action(detail=True, methods=["get"])
    def thumbnail(self, request: UserRequest, pk: str) -> HttpResponse:
        return _download(request, pk, thumbnail=True)


def _download(request: UserRequest, upload_id: str, *, thumbnail: bool = False) -> HttpResponse:
    return download_response(read_upload(user=request.user, upload_id=upload_id, thumbnail=thumbnail))
