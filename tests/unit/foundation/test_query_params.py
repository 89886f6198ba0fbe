"""Numbers and flags in the address."""

import pytest

from foundation.errors import Invalid
from foundation.query_params import boolean_param, integer_param, limit_param


def test_a_number_is_what_is_written_or_the_default():
    assert integer_param({"after": "007"}, "after") == 7
    assert integer_param({"after": str(2**63 - 1)}, "after") == 2**63 - 1
    assert integer_param({}, "after") is None
    assert integer_param({}, "after", default=0) == 0
    assert (limit_param({}), limit_param({"limit": "1"}), limit_param({"limit": "200"})) == (50, 1, 200)


@pytest.mark.parametrize("written", ["", "-1", "+1", " 1", "1.0", "1e3", "0x1", "one", "٣", "²", str(2**63), "0" * 20])
def test_what_is_no_number(written):
    with pytest.raises(Invalid) as refused:
        integer_param({"after": written}, "after")
    assert refused.value.errors.keys() == {"after"}


def test_flags():
    assert [boolean_param(given, "unread") for given in ({"unread": "true"}, {"unread": "false"}, {})] == [
        True,
        False,
        None,
    ]
    for written in ("", "1", "True", "yes"):
        with pytest.raises(Invalid):
            boolean_param({"unread": written}, "unread")
