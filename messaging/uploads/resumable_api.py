"""The REST endpoints of resumable uploads, which speak tus 1.0 (https://tus.io/protocols/resumable-upload)."""

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from foundation.body_streams import BodyResponse, ClientGone
from foundation.database.executor import in_request
from foundation.errors import Invalid, PayloadTooLarge, UnsupportedMediaType
from foundation.openapi import STATUS_DESCRIPTIONS, Problem
from foundation.rest import PROBLEM_CONTENT_TYPE, domain_error, problem_document
from messaging.errors import UnsupportedTusVersion
from messaging.models import ResumableUpload
from messaging.rate_limits import UPLOADS, check_user_limit
from messaging.uploads.incoming import Writer
from messaging.uploads.resumable import (
    create_resumable_upload,
    expiry_of,
    find_resumable_upload,
    finish_upload,
    progress_of,
    remove_resumable_upload,
)

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
PART_TYPE = "application/offset+octet-stream"
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_disk = ThreadPoolExecutor(max_workers=4, thread_name_prefix="incoming")
"""Threads that write parts. A client that sends slowly holds no thread."""


def _header(name: str, description: str, *, required: bool = True) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description, required=required)


TUS = _header("Tus-Resumable", "1.0.0")
LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, description="The address of the upload, with its id", response=[201]
)
OFFSET = OpenApiParameter(
    "Upload-Offset",
    {"type": "integer"},
    OpenApiParameter.HEADER,
    description="The bytes received so far",
    response=[204],
)


def _responses(status: int, description: str, *errors: int) -> dict[Any, Any]:
    problems = {
        (one, PROBLEM_CONTENT_TYPE): OpenApiResponse(Problem, description=STATUS_DESCRIPTIONS[one])
        for one in sorted({401, 403, 412, 429, *errors})
    }
    return {status: OpenApiResponse(description=description), **problems}


class ResumableUploadViewSet(ViewSet):
    """Answers successes as tus says, without JSON, and errors with problem documents."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            raise UnsupportedTusVersion

    def get_permissions(self) -> Any:
        is_open = getattr(self.request, "method", None) == "OPTIONS"  # there is no request while OpenAPI is generated
        return [] if is_open else super().get_permissions()

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        if response.status_code == UnsupportedTusVersion.status:
            response["Tus-Version"] = VERSION
        response["Cache-Control"] = "no-store"
        return response

    def capabilities(self, request: Request, pk: str = "") -> HttpResponse:
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
        }
        return HttpResponse(status=204, headers=headers)

    @extend_schema(
        operation_id="resumable_uploads_create",
        summary="Create a resumable upload (tus 1.0)",
        request=None,
        parameters=[
            TUS,
            _header("Upload-Length", "The size of the file, in bytes"),
            _header("Upload-Metadata", "`filename` and `voice` (`true`), with values in base64", required=False),
            LOCATION,
        ],
        responses=_responses(201, "Created; the id in `Location` is the id of the upload", 400, 413),
    )
    def create(self, request: UserRequest) -> HttpResponse:
        check_user_limit(UPLOADS, request.user)
        metadata = _metadata(request.headers.get("Upload-Metadata", ""))
        upload = create_resumable_upload(
            owner=request.user,
            length=_number(request, "Upload-Length"),
            name=metadata.get("filename", ""),
            is_voice=metadata.get("voice") == "true",
        )
        headers = {"Location": f"/api/uploads/resumable/{upload.pk}", "Upload-Expires": _date(expiry_of(upload))}
        return HttpResponse(status=201, headers=headers)

    def status(self, request: UserRequest, pk: str) -> HttpResponse:
        progress = progress_of(owner=request.user, upload_id=pk)
        headers = {"Upload-Offset": str(progress.offset), "Upload-Length": str(progress.length)}
        if progress.expires_at is not None:
            headers["Upload-Expires"] = _date(progress.expires_at)
        return HttpResponse(headers=headers)

    @extend_schema(
        operation_id="resumable_uploads_append",
        summary="Append a part to a resumable upload (tus 1.0); HEAD returns how many bytes have arrived",
        request={PART_TYPE: OpenApiTypes.BINARY},
        parameters=[TUS, _header("Upload-Offset", "The position of the part: the bytes received so far"), OFFSET],
        responses=_responses(204, "Received; with the last part, the file is stored", 400, 404, 409, 413, 415, 423),
    )
    def partial_update(self, request: UserRequest, pk: str) -> HttpResponseBase:
        if request.content_type != PART_TYPE:
            raise UnsupportedMediaType(f"A part has the content type {PART_TYPE}.")
        offset = _number(request, "Upload-Offset")
        upload = find_resumable_upload(owner=request.user, upload_id=pk)
        announced = request.headers.get("Content-Length", "")
        if announced.isdigit() and offset + int(announced) > upload.length:
            raise PayloadTooLarge("The part ends behind the end of the file.")
        return _PartResponse(upload, Writer(upload.pk, offset))

    @extend_schema(
        operation_id="resumable_uploads_remove",
        summary="Remove a resumable upload (tus 1.0)",
        parameters=[TUS],
        responses=_responses(204, "Removed", 404),
    )
    def destroy(self, request: UserRequest, pk: str) -> HttpResponse:
        remove_resumable_upload(owner=request.user, upload_id=pk)
        return HttpResponse(status=204)


class _PartResponse(BodyResponse):
    """Writes a part as it arrives, and stores the file after the last part."""

    def __init__(self, upload: ResumableUpload, writer: Writer) -> None:
        super().__init__(status=204)
        self._upload, self._writer = upload, writer
        self["Upload-Expires"] = _date(expiry_of(upload))

    async def receive(self, parts: AsyncIterator[bytes]) -> None:
        try:
            await self._write(parts)
            if self._writer.offset == self._upload.length:
                await in_request(finish_upload, self._upload)
        except ClientGone:
            raise
        except Exception as exception:
            error = domain_error(exception, where=type(self).__name__)
            document = problem_document(error)
            self.replace(JsonResponse(document, status=error.status, content_type=PROBLEM_CONTENT_TYPE))
        else:
            self["Upload-Offset"] = str(self._writer.offset)

    def close(self) -> None:
        super().close()
        self._writer.close()

    async def _write(self, parts: AsyncIterator[bytes]) -> None:
        run = asyncio.get_running_loop().run_in_executor
        try:
            async for part in parts:
                if self._writer.offset + len(part) > self._upload.length:
                    raise PayloadTooLarge("The part ends behind the end of the file.")
                await run(_disk, self._writer.write, part)
        finally:
            await asyncio.shield(run(_disk, self._writer.close))


def _number(request: Request, name: str) -> int:
    value = request.headers.get(name, "")
    if not _NUMBER.fullmatch(value):
        raise Invalid(errors={name: ["This header must be a whole number."]})
    return int(value)


def _metadata(header: str) -> dict[str, str]:
    try:
        pairs = (pair.strip().partition(" ") for pair in header.split(",") if pair.strip())
        return {key: base64.b64decode(value.strip(), validate=True).decode() for key, _, value in pairs}
    except (binascii.Error, ValueError):
        raise Invalid(errors={"Upload-Metadata": ["Values must be UTF-8 in base64."]}) from None


def _date(moment: datetime) -> str:
    return http_date(moment.timestamp())
