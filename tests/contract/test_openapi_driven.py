"""Every operation of the OpenAPI document is driven with what the document allows, and with what it does not: no
request ends as a server error, and every answer is one that the document describes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.factories import login
from tests.people import Person

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

document = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
schema = schemathesis.openapi.from_dict(document)
schema.app = get_wsgi_application()


@contextmanager
def kept_connection() -> Iterator[None]:
    """A request that ends closes no connection: the transaction of the test goes on in it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def known(brand: Person, influencer: Person) -> dict[str, Any]:
    """Ids of what there is, by the first word of the address."""
    bid = brand.bids_to(influencer, message="Three reels")
    chat = brand.chats_with(influencer)
    influencer.says(chat)
    return {
        "conversations": [bid, chat],
        "messages": [brand.says(chat)["id"], influencer.says(chat)["id"]],
        "notifications": [one["id"] for one in brand.reads("/api/notifications")["results"]],
    }


@schema.parametrize()
@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation(case: schemathesis.Case, known: dict[str, Any], brand: Person) -> None:
    """Mostly with the id of something that is there, and now and then with whatever was made up for one."""
    there = known.get(case.path.split("/")[2])
    choice = crc32(str(case.path_parameters.get("id")).encode()) % 4
    if there and "id" in case.path_parameters and choice < 3:
        case.path_parameters["id"] = there[choice % len(there)]
    token = login(brand.user)
    with kept_connection():
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)
