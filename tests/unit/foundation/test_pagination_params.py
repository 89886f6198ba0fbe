"""Numbers and flags in the address."""

import pytest

from foundation.errors import Invalid
from foundation.pagination import flag, limit_of, whole_number


def test_a_number_is_what_is_written_or_the_default():
    assert whole_number({"after": "007"}, "after") == 7
    assert whole_number({"after": str(2**63 - 1)}, "after") == 2**63 - 1
    assert whole_number({}, "after") is None
    assert whole_number({}, "after", default=0) == 0
    assert (limit_of({}), limit_of({"limit": "1"}), limit_of({"limit": "200"})) == (50, 1, 200)


@pytest.mark.parametrize("written", ["", "-1", "+1", " 1", "1.0", "1e3", "0x1", "one", "٣", "²", str(2**63), "0" * 20])
def test_what_is_no_number(written):
    with pytest.raises(Invalid) as refused:
        whole_number({"after": written}, "after")
    assert refused.value.errors.keys() == {"after"}


def test_flags():
    assert [flag(given, "unread") for given in ({"unread": "true"}, {"unread": "false"}, {})] == [True, False, None]
    for written in ("", "1", "True", "yes"):
        with pytest.raises(Invalid):
            flag({"unread": written}, "unread")
