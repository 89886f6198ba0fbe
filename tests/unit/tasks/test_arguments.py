"""Tasks take ids, and nothing that could be a text or a token."""

import json
import secrets
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.arguments import MAX_ARGUMENTS, NAME, restored, stored
from tasks.errors import InvalidArguments

ids = (
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.uuids() | st.from_regex(NAME, fullmatch=True)
)


@given(st.lists(ids, max_size=5), st.dictionaries(st.from_regex(r"[a-z_]+", fullmatch=True), ids, max_size=5))
def test_arguments_are_the_same_after_they_were_stored(args, kwargs):
    assert restored(json.loads(json.dumps(stored(args, kwargs)))) == (args, kwargs)


@pytest.mark.parametrize(
    "value",
    [
        *("Hello there", "", "Stripe", "a" * 33, "sk_live_51H", "नमस्ते", "line\n", "name@example.com"),
        *(1.5, 2**63, b"bytes", [1], {"a": 1}, (1,), object()),
        *(str(uuid.uuid4()), uuid.uuid4().hex, secrets.token_urlsafe(24), secrets.token_hex(12)),
    ],
    ids=repr,
)
def test_everything_else_is_refused(value):
    with pytest.raises(InvalidArguments) as refused:
        stored([value], {})
    assert repr(value) not in str(refused.value)
    with pytest.raises(InvalidArguments):
        stored([], {"name": value})


def test_the_number_of_arguments_is_limited():
    stored([1] * MAX_ARGUMENTS, {})
    with pytest.raises(InvalidArguments):
        stored([1] * MAX_ARGUMENTS, {"one": 1})
