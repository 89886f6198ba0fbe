"""The cache of participants keeps the latest values and a bounded number of entries."""

import pytest

from conversations import participant_cache
from foundation.ids import uuid7


@pytest.fixture(autouse=True)
def cache(monkeypatch):
    monkeypatch.setattr(participant_cache, "CACHE_SIZE", 2)
    participant_cache.clear()
    yield
    participant_cache.clear()


def test_the_last_value_is_kept():
    conversation, one, two = uuid7(), uuid7(), uuid7()
    assert participant_cache.get(conversation) == ()
    participant_cache.set_many([(conversation, (one,))])
    participant_cache.set_many([(conversation, (one, two))])
    assert participant_cache.get(conversation) == (one, two)


def test_the_oldest_entry_is_evicted():
    first, second, third, person = uuid7(), uuid7(), uuid7(), (uuid7(),)
    participant_cache.set_many([(first, person), (second, person)])
    participant_cache.set_many([(first, person), (third, person)])
    assert [participant_cache.get(one) for one in (first, second, third)] == [person, (), person]
