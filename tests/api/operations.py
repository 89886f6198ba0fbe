"""The operations of the REST API, from its OpenAPI document, and functions that fill in the parameters of their
addresses."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlencode

import pytest
from drf_spectacular.generators import SchemaGenerator

from conversations.models import Conversation
from messaging.uploads.resumable import create_resumable_upload
from tests.api.messaging.uploads.test_uploads import picture, uploaded
from tests.deals import Deal
from tests.harness.people import Person
from tests.people import user_of

JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    described: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def needs_login(self) -> bool:
        return {} not in self.described["security"]

    @cached_property
    def takes(self) -> dict[str, Any]:
        """The schemas of the request bodies, by content type."""
        content = self.described.get("requestBody", {}).get("content", {})
        return {kind: body["schema"] for kind, body in content.items()}

    @property
    def takes_shape(self) -> bool:
        """Whether the operation takes JSON of one of our schemas. A payment provider's webhook has the provider's own
        schema."""
        return "$ref" in self.takes.get(JSON, {})

    @property
    def takes_what_is_signed(self) -> bool:
        """Whether a signature authorizes the request, as in payment webhooks. Its body is JSON of any schema."""
        return JSON in self.takes and not self.takes_shape

    @cached_property
    def _members(self) -> dict[str, Any]:
        """The members of the JSON body."""
        return DOCUMENT["components"]["schemas"][self.takes[JSON]["$ref"].rpartition("/")[2]]

    @property
    def required_keys(self) -> list[str]:
        return self._members.get("required", [])

    @property
    def text_keys(self) -> list[str]:
        """The keys of the JSON body that take a text."""
        kinds = {key: one.get("anyOf", [one]) for key, one in self._members["properties"].items()}
        return [key for key, these in kinds.items() if any(one.get("type") == "string" for one in these)]

    @property
    def example(self) -> dict[str, Any]:
        """A body with a valid value for each key that is always required, and for a text, which often is."""
        properties = self._members["properties"]
        keys = [*self.required_keys, *({"message"} & properties.keys())]
        return {key: _example_of(properties[key]) for key in keys}

    @property
    def query(self) -> str:
        """The query string with all required parameters, each with the shortest text that is valid."""
        parameters = [one for one in self.described.get("parameters", []) if one["in"] == "query"]
        needed = {one["name"]: "x" * one["schema"]["minLength"] for one in parameters if one.get("required")}
        return f"?{urlencode(needed)}" if needed else ""

    def can_answer(self, status: int) -> bool:
        return str(status) in self.described["responses"]


def _example_of(schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    formats = {"email": "someone@example.com", "uuid": "01980000-0000-7000-8000-00000000ffff"}
    return formats.get(schema.get("format", ""), "correct-Horse-7")


DOCUMENT = SchemaGenerator().get_schema(request=None, public=True)


def _operations() -> Iterator[Operation]:
    for path, methods in DOCUMENT["paths"].items():
        for method, described in methods.items():
            yield Operation(method.upper(), path, described)


OPERATIONS = [one for one in _operations() if not one.path.startswith("/api/uploads/resumable")]
"""All operations but resumable uploads, which speak tus 1.0; `test_resumable` tests them."""
OF_A_SHAPE = [one for one in OPERATIONS if one.takes_shape]
METHODS = {one.path: {other.method for other in OPERATIONS if other.path == one.path} for one in OPERATIONS}


def each(*operations: Operation) -> pytest.MarkDecorator:
    """Return a decorator that runs a test for each of these operations."""
    return pytest.mark.parametrize("operation", operations, ids=str)


def _conversations(brand: Person, influencer: Person) -> list[str]:
    return [brand.opens_chat_with(influencer), brand.opens_bid_with(influencer, message="Three reels")]


def _messages(brand: Person, influencer: Person) -> list[str]:
    chat = brand.opens_chat_with(influencer)
    return [brand.says(chat)["id"], influencer.says(chat)["id"]]


def _notifications(brand: Person, influencer: Person) -> list[str]:
    influencer.says(brand.opens_chat_with(influencer))
    return [one["id"] for one in brand.reads("/api/notifications")["results"]]


def _orders(brand: Person, influencer: Person) -> list[str]:
    bid = Conversation.objects.get(pk=brand.opens_bid_with(influencer))
    return [str(Deal(bid, user_of(brand), user_of(influencer)).play_to("payment_pending").order().pk)]


def _paid(brand: Person, influencer: Person) -> list[str]:
    bid = Conversation.objects.get(pk=brand.opens_bid_with(influencer))
    return [str(Deal(bid, user_of(brand), user_of(influencer)).play_to("payment_completed").conversation.pk)]


def _resumable_uploads(brand: Person, _: Person) -> list[str]:
    create = partial(create_resumable_upload, owner=user_of(brand), length=100, name="a.pdf", is_voice=False)
    return [str(create().pk), str(create().pk)]


FILLERS: dict[str, Callable[[Person, Person], list[str]]] = {
    "conversations/{id}": _conversations,
    "conversations/{id}/receipt": _paid,
    "messages/{id}": _messages,
    "notifications/{id}": _notifications,
    "uploads/{id}": lambda brand, _: [uploaded(brand, picture())["id"]],
    "resumable/{id}": _resumable_uploads,
    "sandbox/{order_id}": _orders,
    "payments/{provider}": lambda *_: ["sandbox"],
}
"""Functions that create objects for a brand owner and an influencer and return their ids, by the path of a parameter,
or by a whole path."""

_PARAMETER = re.compile(r"(?P<word>[^/]+)/\{(?P<name>\w+)\}")


def fillings(path: str, brand: Person, influencer: Person) -> dict[str, list[str]]:
    """Return a value for each parameter of an address."""
    found = {}
    for parameter in _PARAMETER.finditer(path):
        filler = FILLERS.get(path.removeprefix("/api/")) or FILLERS.get(parameter[0])
        if filler is None:
            pytest.fail(f"{path}: no value is known for {parameter[0]}. Add it to FILLERS of {__name__}.")
        found[parameter["name"]] = filler(brand, influencer)
    return found


def filled(path: str, brand: Person, influencer: Person) -> str:
    """Return the address with ids of existing objects."""
    return path.format(**{name: ids[0] for name, ids in fillings(path, brand, influencer).items()})
