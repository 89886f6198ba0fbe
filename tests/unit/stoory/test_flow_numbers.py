"""`FLOWS`: limits and durations that a deployment sets for its flows."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from stoory.flow_overrides import overrides


def test_an_empty_setting():
    assert overrides("") == {}


def test_durations_are_iso_8601():
    given = '{"deal": {"rounds": 5, "deadlines": {"payment_pending": "P1D"}, "reminders": {"payment_pending": "PT6H"}}}'
    assert overrides(given) == {
        "deal": {
            "rounds": 5,
            "deadlines": {"payment_pending": timedelta(days=1)},
            "reminders": {"payment_pending": timedelta(hours=6)},
        }
    }


@pytest.mark.parametrize(
    "given",
    [
        "{",
        "[]",
        '{"deal": 3}',
        '{"deal": {"deadlines": 3}}',
        '{"deal": {"deadlines": {"payment_pending": 3}}}',
        '{"deal": {"reminders": {"payment_pending": "soon"}}}',
    ],
)
def test_invalid_values_are_named(given):
    with pytest.raises(ImproperlyConfigured, match="FLOWS"):
        overrides(given)
