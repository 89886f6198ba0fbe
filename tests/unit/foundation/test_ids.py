"""Ids are created in order or at random, and parsed strictly."""

import re
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.ids import parse_id, random_id, uuid7


def test_ids_are_version_7_and_ascending():
    made = [uuid7() for _ in range(1000)]
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {uuid.RFC_4122}
    assert made == sorted(made)
    assert len(set(made)) == 1000


def test_random_ids_are_long_and_unique_across_threads():
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: random_id(), range(20_000)))
    assert len(set(made)) == 20_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", one) for one in made)


def test_a_forked_process_creates_other_random_ids():
    # A separate process is used because it is unsafe to fork a process that has threads.
    code = (
        "import os; from foundation.ids import random_id; random_id(); child = os.fork(); "
        "os.write(1, f'{random_id()} '.encode()); child and os.wait()"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert len(set(made)) == 2


@given(st.uuids())
def test_the_canonical_form_is_read_in_either_case(value):
    assert parse_id(str(value)) == parse_id(str(value).upper()) == parse_id(value) == value


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        True,
        [],
        {},
        b"\x00" * 16,
        "",
        "nonsense",
        "0" * 36,
        "00000000000000000000000000000000",
        "{00000000-0000-0000-0000-000000000000}",
        "urn:uuid:00000000-0000-0000-0000-000000000000",
        " 00000000-0000-0000-0000-000000000000",
        "0000000-00000-0000-0000-000000000000",
        "0000000\uff10-0000-0000-0000-000000000000",
    ],
)
def test_other_forms_are_invalid(value):
    assert parse_id(value) is None


@given(st.text(max_size=40) | st.integers() | st.lists(st.integers(), max_size=2))
def test_reading_never_fails(value):
    assert parse_id(value) is None or isinstance(parse_id(value), uuid.UUID)
