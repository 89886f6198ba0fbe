"""Query parameters with numbers, flags and texts, and their schemas."""

from typing import Any

import pytest
from pydantic import Field
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from foundation.errors import Invalid
from foundation.openapi import query_parameters
from foundation.query_params import Flag, PageQuery, QueryText, WholeNumber
from stoory.openapi_schema import without_titles


class SomeQuery(PageQuery):
    after: WholeNumber | None = Field(None, description="later than this")
    unread: Flag | None = Field(None, description="unread ones")
    search: QueryText | None = Field(None, description="words")
    kind: QueryText = Field("any", description="of which kind")


def parsed(**written: str) -> dict[str, Any]:
    """Return the parameters that were given."""
    return SomeQuery.parse(written).model_dump(exclude_unset=True)


def test_a_number_is_what_is_written():
    assert parsed(after="007") == {"after": 7}
    assert parsed(after=str(2**63 - 1)) == {"after": 2**63 - 1}
    assert [parsed(limit=written) for written in ("1", "200")] == [{"limit": 1}, {"limit": 200}]


def test_omitted_parameters_have_their_default():
    query = SomeQuery.parse({})
    assert (query.after, query.unread, query.search, query.kind, query.cursor, query.limit) == (
        None,
        None,
        None,
        "any",
        None,
        50,
    )


@pytest.mark.parametrize("written", ["", "-1", "+1", " 1", "1.0", "1e3", "0x1", "one", "٣", "²", str(2**63), "0" * 20])
@pytest.mark.parametrize("name", ["after", "limit"])
def test_invalid_numbers(name, written):
    with pytest.raises(Invalid) as refused:
        parsed(**{name: written})
    assert refused.value.errors == {name: ["A whole number is needed."]}


@pytest.mark.parametrize("written", ["0", "201"])
def test_a_limit_has_bounds(written):
    with pytest.raises(Invalid) as refused:
        parsed(limit=written)
    assert refused.value.errors == {"limit": ["A number from 1 to 200 is needed."]}


def test_flags():
    assert [parsed(unread=written) for written in ("true", "false")] == [{"unread": True}, {"unread": False}]
    for written in ("", "1", "True", "yes"):
        with pytest.raises(Invalid) as refused:
            parsed(unread=written)
        assert refused.value.errors == {"unread": ["true or false is needed."]}


def test_a_text_is_unchanged_and_nul_is_rejected():
    assert parsed(search="") == {"search": ""}
    assert parsed(search=" 7 ") == {"search": " 7 "}
    with pytest.raises(Invalid) as refused:
        parsed(search="a\x00")
    assert refused.value.errors == {"search": ["The NUL character is not allowed."]}


def test_the_last_value_counts_and_unknown_parameters_do_not():
    request = Request(APIRequestFactory().get("/?after=1&after=2&other=3"))
    assert SomeQuery.of(request).model_dump(exclude_unset=True) == {"after": 2}


def test_parameters_are_described_by_their_schema():
    described = {
        one.name: (without_titles(one.type), one.description, one.required) for one in query_parameters(SomeQuery)
    }
    assert described == {
        "limit": ({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "Maximum number of results", False),
        "cursor": ({"type": "string"}, "The value of `next` or `previous` from another page", False),
        "after": ({"type": "integer", "minimum": 0, "format": "int64"}, "later than this", False),
        "unread": ({"type": "boolean"}, "unread ones", False),
        "search": ({"type": "string"}, "words", False),
        "kind": ({"type": "string", "default": "any"}, "of which kind", False),
    }
