"""Fixtures for tests with deals. The `conftest` of a folder imports them."""

import pytest

from realtime.pubsub import Hint
from tests.deals import Deal, open_deal


@pytest.fixture(autouse=True)
def hints(sent_hints: list[Hint]) -> list[Hint]:
    return sent_hints


@pytest.fixture
def deal(db: None) -> Deal:
    """A bid that the influencer has not answered yet."""
    return open_deal()
