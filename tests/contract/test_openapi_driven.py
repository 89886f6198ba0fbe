"""Every operation of the OpenAPI document receives valid and invalid requests: none causes a server error, and the
document describes every response."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from pytest_django.fixtures import Settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.operations import fillings
from tests.factories import login
from tests.harness.people import Person
from tests.people import user_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

document = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
schema = schemathesis.openapi.from_dict(document)
schema.app = get_wsgi_application()


@contextmanager
def kept_connection() -> Iterator[None]:
    """Keep the connection open after each request, because the test's transaction continues on it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def known(brand: Person, influencer: Person, settings: Settings, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Return the values for each parameter of an address; they are created once for all cases of a test."""
    settings.MEDIA_ROOT = tmp_path
    return cache(partial(fillings, brand=brand, influencer=influencer))


@schema.parametrize()
@hypothesis_settings(
    max_examples=25,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation(case: schemathesis.Case, known: Callable[[str], dict[str, Any]], brand: Person) -> None:
    """Most cases use ids of existing objects, and some use generated ids."""
    for name, there in known(case.path).items():
        choice = crc32(str(case.path_parameters.get(name)).encode()) % 4
        if choice < 3:
            case.path_parameters[name] = there[choice % len(there)]
    token = login(user_of(brand))
    # A file is sent with its own type, which `application/octet-stream` stands for: generators know no `*/*`.
    is_file = "application/octet-stream" in case.operation.definition.raw["responses"].get("200", {}).get("content", {})
    with kept_connection():
        case.call_and_validate(
            headers={"Authorization": f"Bearer {token}"},
            checks=[one for one in CHECKS if not (is_file and one is content_type_conformance)],
        )
