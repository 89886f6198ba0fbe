"""Token buckets in memory and, if REDIS_URL is set, in Redis; the fallback while Redis is unavailable."""

import socket
import threading
import uuid
from collections import Counter
from operator import itemgetter

import pytest
from django.conf import settings as project_settings

from foundation import rate_limits
from foundation.errors import RateLimited
from foundation.rate_limits import Bucket, LocalBucket, check_rate_limit, check_rate_limits, give_back, take

THREE = Bucket("three", 3, 0.05)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(rate_limits, "monotonic", clock)
    return clock


@pytest.fixture(params=["", project_settings.REDIS_URL] if project_settings.REDIS_URL else [""])
def anywhere(request, settings, rate_limits):
    """Run the test with buckets in memory and, if available, in Redis."""
    settings.REDIS_URL = request.param


@pytest.fixture
def dead_redis(settings, rate_limits):
    """The URL of a port that refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.REDIS_URL = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        yield


def test_local_bucket_permits_its_capacity_then_its_refill(clock):
    bucket = LocalBucket(2, 0.5)
    assert [bucket.take(), bucket.take()] == [0, 0]
    assert bucket.take() == pytest.approx(2)
    clock.seconds += 1.5
    assert bucket.take() == pytest.approx(0.5)
    clock.seconds += 0.5
    assert bucket.take() == 0


def test_local_bucket_never_holds_more_than_its_capacity(clock):
    bucket = LocalBucket(2, 10)
    clock.seconds += 3600
    assert [bucket.take() > 0 for _ in range(3)] == [False, False, True]


def test_local_bucket_counts_costs(clock):
    bucket = LocalBucket(10, 1)
    assert bucket.take(8) == 0
    assert bucket.take(5) == pytest.approx(3)
    assert bucket.take(2) == 0


def test_a_refused_request_takes_no_tokens(clock):
    bucket = LocalBucket(1, 1)
    bucket.take()
    for _ in range(100):
        bucket.take()
    clock.seconds += 1
    assert bucket.take() == 0


@pytest.mark.usefixtures("anywhere")
def test_keys_and_buckets_have_their_own_levels():
    for _ in range(3):
        assert take(THREE, "a") == 0
    assert 0 < take(THREE, "a") <= 20
    assert take(THREE, "b") == 0
    assert take(Bucket("other", 3, 0.05), "a") == 0


@pytest.mark.usefixtures("anywhere")
def test_returned_tokens_can_be_taken_again_up_to_the_capacity():
    for _ in range(5):
        give_back(THREE, "a")
    for _ in range(3):
        assert take(THREE, "a") == 0
    give_back(THREE, "a")
    assert take(THREE, "a") == 0
    assert take(THREE, "a") > 0


@pytest.mark.usefixtures("anywhere")
def test_threads_together_get_no_more_than_the_capacity():
    slow, results, lock = Bucket("slow", 20, 0.001), Counter(), threading.Lock()

    def grab():
        for _ in range(20):
            passed = take(slow, "shared") == 0
            with lock:
                results[passed] += 1

    threads = [threading.Thread(target=grab) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results == {True: 20, False: 140}


@pytest.mark.usefixtures("anywhere")
def test_keys_may_be_any_text():
    for key in ["", "x" * 100_000, "\ud800", "a\nb\x00", "é"]:
        assert take(THREE, key) == 0


@pytest.mark.usefixtures("rate_limits")
def test_memory_is_bounded_and_evicts_the_least_recent(monkeypatch):
    monkeypatch.setattr(rate_limits, "MAX_LOCAL_BUCKETS", 10)
    one = Bucket("one", 1, 0.001)
    take(one, "kept")
    for number in range(50):
        take(one, str(number))
        assert take(one, "kept") > 0
    assert len(rate_limits._local._buckets) == 10
    assert take(one, "0") == 0


@pytest.mark.usefixtures("rate_limits")
def test_the_error_says_how_long_to_wait(clock):
    for _ in range(3):
        check_rate_limit(THREE, "a")
    with pytest.raises(RateLimited) as refused:
        check_rate_limit(THREE, "a")
    assert refused.value.retry_after == pytest.approx(20)


@pytest.mark.usefixtures("anywhere")
def test_items_of_a_batch_are_counted_in_order():
    take(THREE, "b", 2)
    items = [("a", 1), ("b", 2), ("a", 3), ("b", 4), ("a", 5), ("a", 6), ("c", 7)]
    checked = check_rate_limits(THREE, items, itemgetter(0))
    assert checked[:3] + checked[4:5] + checked[6:] == items[:3] + items[4:5] + items[6:]
    assert isinstance(checked[3], RateLimited)
    assert isinstance(checked[5], RateLimited)
    assert 0 < checked[3].retry_after <= 20
    assert take(THREE, "c") == 0
    assert check_rate_limits(THREE, [], str) == []


@pytest.mark.usefixtures("rate_limits")
def test_switched_off_nothing_of_many_is_refused_or_counted(settings):
    settings.RATE_LIMITS = False
    assert check_rate_limits(THREE, ["a"] * 4, str) == ["a"] * 4
    settings.RATE_LIMITS = True
    assert check_rate_limits(THREE, ["a"] * 4, str)[2] == "a"


@pytest.mark.usefixtures("rate_limits")
def test_switched_off_nothing_is_refused_or_counted(settings):
    settings.RATE_LIMITS = False
    for _ in range(100):
        check_rate_limit(THREE, "a")
    settings.RATE_LIMITS = True
    check_rate_limit(THREE, "a")


@pytest.mark.usefixtures("dead_redis")
def test_without_redis_the_process_counts_for_itself():
    key = str(uuid.uuid4())
    assert [take(THREE, key) > 0 for _ in range(4)] == [False, False, False, True]


@pytest.mark.usefixtures("dead_redis")
def test_without_redis_many_are_counted_by_the_process_itself():
    key = str(uuid.uuid4())
    assert [one == key for one in check_rate_limits(THREE, [key] * 4, str)] == [True, True, True, False]


@pytest.mark.usefixtures("dead_redis")
def test_redis_is_not_retried_for_a_while_after_a_failure(clock, monkeypatch):
    shared = rate_limits._RedisBuckets("redis://127.0.0.1:1/0")
    asked = []

    def script(**_):
        asked.append(1)
        raise rate_limits.redis.ConnectionError

    monkeypatch.setattr(shared, "_script", script)
    assert shared.take([(THREE, "a", 1)]) is None
    assert shared.take([(THREE, "a", 1)]) is None
    assert len(asked) == 1
    clock.seconds += rate_limits.REDIS_PAUSE + 0.01
    assert shared.take([(THREE, "a", 1)]) is None
    assert len(asked) == 2
