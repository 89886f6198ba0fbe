"""Responses to Django's exceptions and to server errors: an unavailable database, and unexpected exceptions."""

import pytest
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.db import InterfaceError, InternalError, OperationalError

from foundation.rest import exception_handler


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (PermissionDenied(), 403, "forbidden"),
        (BadRequest(), 400, "invalid"),
        (SuspiciousOperation(), 400, "invalid"),
        (TooManyFieldsSent(), 400, "invalid"),
        (RequestDataTooBig(), 413, "payload_too_large"),
    ],
)
def test_djangos_request_errors_are_client_errors(fault, status, code):
    response = exception_handler(fault, {})
    assert response.status_code == response.data["status"] == status
    assert response.data["code"] == code


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (OperationalError(), 503),
        (InterfaceError(), 503),
        (InternalError("read-only transaction"), 503),
        (ZeroDivisionError(), 500),
    ],
)
def test_a_server_error_is_a_problem_document(fault, status):
    response = exception_handler(fault, {})
    assert response.status_code == response.data["status"] == status
    assert response.data["code"] == "server_error"
    assert response.data["success"] is False
