"""Schemas of requests: both spellings of keys, errors by field, and no unwanted coercion."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

import pytest
from pydantic import Field

from foundation.errors import Invalid
from foundation.json import from_json, to_json
from foundation.schemas import CachedSchema, Id, RequestSchema, Schema, Text, Timestamp


class Parcel(RequestSchema):
    sender_name: Annotated[str, Text(5)]
    item_count: int = 1
    inner: "Label | None" = None


class Label(RequestSchema):
    label_text: Annotated[str, Text(5)]


class Shown(Schema):
    id: Id
    at: Timestamp


def refusal_of(data) -> Invalid:
    with pytest.raises(Invalid) as refused:
        Parcel.parse(data)
    return refused.value


def test_both_spellings_of_a_key_are_accepted():
    assert Parcel.parse({"sender_name": "Ann"}) == Parcel.parse({"senderName": "Ann"})
    assert Parcel.parse({"senderName": "Ann", "inner": {"labelText": "x"}}).inner.label_text == "x"


def test_snake_case_wins_if_both_spellings_are_given():
    assert Parcel.parse({"senderName": "Ann", "sender_name": "Bob"}).sender_name == "Bob"
    assert Parcel.parse({"sender_name": "Bob", "senderName": "Ann"}).sender_name == "Bob"


def test_unknown_keys_are_ignored():
    assert Parcel.parse({"sender_name": "Ann", "is_staff": True, "": 1}).model_dump() == {
        "sender_name": "Ann",
        "item_count": 1,
        "inner": None,
    }


@pytest.mark.parametrize("data", [None, [], "text", 1, True, [["sender_name", "Ann"]]])
def test_input_must_be_an_object(data):
    assert refusal_of(data).errors == {"non_field_errors": ["A JSON object is needed."]}


def test_the_message_is_the_first_error():
    assert refusal_of({"sender_name": "Annabel", "item_count": "x"}).message == "sender_name: At most 5 characters."
    assert refusal_of([]).message == "A JSON object is needed."
    assert Invalid().message == Invalid.default_message
    assert Invalid("Not so.", errors={"field": ["A fault."]}).message == "Not so."


def test_errors_are_reported_by_field():
    assert refusal_of({"item_count": "x", "inner": {"label_text": " "}}).errors == {
        "sender_name": ["This field is required."],
        "item_count": ["A whole number is needed."],
        "inner.label_text": ["A text with at least one visible character is needed."],
    }


class Everything(RequestSchema):
    text: Annotated[str, Field(strict=True, min_length=1, max_length=1_500)] = "x"
    code: Annotated[str, Field(pattern="^[A-Z]+$")] = "X"
    flag: Annotated[bool, Field(strict=True)] = True
    count: Annotated[int, Field(strict=True, ge=1, le=2_000)] = 1
    loose_count: int = 1
    choice: Literal["red", "blue"] = "red"
    items: list[int] = []
    table: dict[str, int] = {}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("text", 7, "A text is needed."),
        ("text", "", "This must not be empty."),
        ("text", "x" * 1_501, "At most 1,500 characters."),
        ("code", "x", "This must match ^[A-Z]+$."),
        ("flag", "yes", "True or false is needed."),
        ("count", "7", "A whole number is needed."),
        ("count", 0, "At least 1."),
        ("count", 2_001, "At most 2,000."),
        ("loose_count", "seven", "A whole number is needed."),
        ("choice", "green", "One of these is needed: 'red' or 'blue'."),
        ("items", 7, "A list is needed."),
        ("table", 7, "A JSON object is needed."),
    ],
)
def test_errors_are_in_plain_language(field, value, told):
    with pytest.raises(Invalid) as refused:
        Everything.parse({field: value})
    assert refused.value.errors == {field: [told]}


@pytest.mark.parametrize("value", [7, None, ["Ann"], True, "toolong", "\ufeff"])
def test_a_text_field_accepts_texts_only(value):
    assert list(refusal_of({"sender_name": value}).errors) == ["sender_name"]


def test_a_text_is_trimmed():
    assert Parcel.parse({"sender_name": " \ufeffAnn\n"}).sender_name == "Ann"


@pytest.mark.parametrize("value", ["1.5", 1.5, "", []])
def test_an_integer_field_accepts_integers_only(value):
    assert list(refusal_of({"sender_name": "Ann", "item_count": value}).errors) == ["item_count"]


def test_schemas_have_their_form_on_the_wire():
    shown = Shown(id=uuid.UUID(int=7), at=datetime(2024, 1, 1, tzinfo=UTC))
    assert from_json(to_json({"shown": shown})) == {
        "shown": {"id": "00000000-0000-0000-0000-000000000007", "at": "2024-01-01T00:00:00.000Z"}
    }


def test_the_schema_contains_the_limits_of_a_text():
    described = Parcel.model_json_schema()["properties"]["sender_name"]
    assert (described["minLength"], described["maxLength"]) == (1, 5)


class Part(CachedSchema):
    id: Id
    at: Timestamp


class Whole(Schema):
    part: Part
    note: str = "none"


def test_unchecked_construction_equals_validation():
    members = {"id": uuid.uuid4(), "at": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)}
    part = Part.model_construct(**members)
    assert part == Part(**members)
    assert part.model_dump() == Part(**members).model_dump()
    assert Whole.model_construct(part=part).note == "none"
    assert part.model_fields_set == {"id", "at"}
    assert part.model_copy(update={"at": None}).at is None
    assert Part.model_construct(**members) == Part.model_construct({"id"}, **members) == part
    assert Part.model_construct({"id"}, **members).model_dump(exclude_unset=True) == {"id": str(members["id"])}
    assert Part.model_construct(**members).model_dump(exclude_unset=True) == part.model_dump()


def test_a_cached_part_is_encoded_once_and_like_others():
    part = Part.model_construct(id=uuid.UUID(int=1), at=datetime(2026, 1, 2, tzinfo=UTC))
    expected = '{"id":"00000000-0000-0000-0000-000000000001","at":"2026-01-02T00:00:00.000Z"}'
    assert to_json(part) == expected
    assert to_json({"parts": [part, Whole.model_construct(part=part, note="x")]}) == (
        f'{{"parts":[{expected},{{"part":{expected},"note":"x"}}]}}'
    )
    assert part.as_json(lambda members: pytest.fail("made twice")).decode() == expected
