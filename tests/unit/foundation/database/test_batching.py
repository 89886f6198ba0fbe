"""Items that are submitted together are handled in one call, and each gets its own result."""

import asyncio
import threading

import pytest

from foundation.database.batching import Batcher, apply_to_valid


async def test_items_that_arrive_during_a_batch_are_the_next_batch():
    batches = []

    def work(items: list[int]) -> list[int]:
        batches.append(items)
        return [item * 10 for item in items]

    batcher = Batcher(work, max_size=4)
    results = await asyncio.gather(*(batcher.submit(number) for number in range(10)))
    assert results == [number * 10 for number in range(10)]
    assert [number for batch in batches for number in batch] == list(range(10))
    assert max(map(len, batches)) == 4
    assert await batcher.submit(7) == 70


async def test_an_error_of_an_item_is_its_own_and_an_error_of_the_work_is_everyones():
    def work(items: list[str]) -> list[str | Exception]:
        if "boom" in items:
            raise RuntimeError("all")
        return [KeyError(item) if item == "bad" else item for item in items]

    batcher = Batcher(work)
    good, bad = await asyncio.gather(batcher.submit("good"), batcher.submit("bad"), return_exceptions=True)
    assert good == "good"
    assert isinstance(bad, KeyError)
    with pytest.raises(RuntimeError, match="all"):
        await batcher.submit("boom")
    assert await batcher.submit("again") == "again"


async def test_a_cancelled_item_does_not_stop_the_others():
    batcher = Batcher(lambda items: items)
    gone = batcher.submit("gone")
    await asyncio.sleep(0)
    gone.cancel()
    assert await batcher.submit("here") == "here"


async def test_the_number_of_concurrent_batches_is_bounded():
    meeting = threading.Barrier(2, timeout=30)

    def work(items: list[int]) -> list[int]:
        meeting.wait()
        return items

    batcher = Batcher(work, max_size=1, concurrency=2)
    assert await asyncio.gather(*(batcher.submit(number) for number in range(4))) == [0, 1, 2, 3]


async def test_batches_at_intervals_wait_for_more_items_and_a_single_item_does_not():
    interval, batches = 1.0, []

    def work(items: list[str]) -> list[str]:
        batches.append(items)
        return items

    batcher = Batcher(work, interval=interval)
    assert await batcher.submit("first") == "first"
    second = batcher.submit("second")
    await asyncio.sleep(interval / 10)
    await asyncio.gather(second, batcher.submit("third"))
    await asyncio.sleep(1.1 * interval)
    fourth = batcher.submit("fourth")
    await asyncio.sleep(interval / 10)
    await asyncio.gather(fourth, batcher.submit("fifth"))
    assert batches == [["first"], ["second", "third"], ["fourth"], ["fifth"]]


class Held:
    """A work function whose batch with a given item does not return until the test allows it."""

    def __init__(self, item) -> None:
        self.batches, self._item = [], item
        self._begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, items: list) -> list:
        self.batches.append(items)
        if self._item in items:
            self._begun.set()
            assert self.may_end.wait(30)
        return items

    async def begun(self) -> None:
        await asyncio.to_thread(self._begun.wait, 30)


async def test_another_batch_starts_when_as_many_items_wait_as_are_in_progress(monkeypatch):
    monkeypatch.setattr("foundation.database.batching.MAX_WAIT", 3600)
    work = Held(1)
    batcher = Batcher(work, concurrency=2)
    first = [batcher.submit(1), batcher.submit(2), batcher.submit(3)]
    await work.begun()
    others = [batcher.submit(4), batcher.submit(5)]
    await asyncio.sleep(0.05)
    assert work.batches == [[1, 2, 3]]
    assert await asyncio.wait_for(batcher.submit(6), 30) == 6
    assert work.batches == [[1, 2, 3], [4, 5, 6]]
    work.may_end.set()
    assert await asyncio.gather(*first, *others) == [1, 2, 3, 4, 5]


async def test_enough_items_for_a_batch_do_not_wait(monkeypatch):
    monkeypatch.setattr("foundation.database.batching.MAX_WAIT", 3600)
    monkeypatch.setattr("foundation.database.batching.ENOUGH_FOR_A_BATCH", 2)
    work = Held(1)
    batcher = Batcher(work, concurrency=2)
    first = [batcher.submit(number) for number in range(1, 6)]
    await work.begun()
    assert await asyncio.wait_for(asyncio.gather(batcher.submit(6), batcher.submit(7)), 30) == [6, 7]
    work.may_end.set()
    assert await asyncio.gather(*first) == [1, 2, 3, 4, 5]


async def test_after_one_of_two_batches_a_few_items_wait_for_more(monkeypatch):
    """At the end of one batch, a few waiting items wait for more while another batch runs."""
    monkeypatch.setattr("foundation.database.batching.MAX_WAIT", 3600)
    monkeypatch.setattr("foundation.database.batching.ENOUGH_FOR_A_BATCH", 2)
    slow, quick = Held("slow"), Held("quick")

    def work(items: list[str]) -> list[str]:
        return slow(items) if "slow" in items else quick(items)

    batcher = Batcher(work, concurrency=2)
    first = [batcher.submit("slow"), batcher.submit("slower")]
    await slow.begun()
    second = [batcher.submit("quick"), batcher.submit("quicker")]
    await quick.begun()
    left = batcher.submit("left")
    quick.may_end.set()
    await asyncio.gather(*second)
    await asyncio.sleep(0.05)
    assert quick.batches == [["quick", "quicker"]]
    slow.may_end.set()
    assert await asyncio.wait_for(asyncio.gather(*first, left), 30) == ["slow", "slower", "left"]


async def test_a_few_do_not_wait_for_a_large_batch_that_is_held_up():
    work = Held(1)
    batcher = Batcher(work, concurrency=2)
    first = [batcher.submit(1), batcher.submit(2), batcher.submit(3)]
    await work.begun()
    assert await asyncio.wait_for(batcher.submit(4), 30) == 4
    work.may_end.set()
    assert await asyncio.gather(*first) == [1, 2, 3]


async def test_an_item_that_arrives_at_the_end_of_a_batch_is_handled():
    batcher = Batcher(lambda items: items)
    for number in range(50):
        assert await asyncio.wait_for(batcher.submit(number), 30) == number


async def test_items_of_one_key_wait_only_for_each_other():
    work = Held("a1")
    batcher = Batcher(work, concurrency=2, key=lambda item: item[0])
    first = batcher.submit("a1")
    await work.begun()
    held_up = [batcher.submit("a2"), batcher.submit("a3")]
    assert await asyncio.wait_for(batcher.submit("b1"), 30) == "b1"
    assert work.batches == [["a1"], ["b1"]]
    work.may_end.set()
    assert await asyncio.gather(first, *held_up) == ["a1", "a2", "a3"]
    assert work.batches[2:] == [["a2", "a3"]]


async def test_held_items_are_not_checked_repeatedly(monkeypatch):
    work = Held("a1")
    batcher = Batcher(work, concurrency=2, key=lambda item: item[0])
    looks, look = [], batcher._next_batch
    monkeypatch.setattr(batcher, "_next_batch", lambda: looks.append(1) or look())
    first = batcher.submit("a1")
    await work.begun()
    held_up = batcher.submit("a2")
    assert await asyncio.wait_for(batcher.submit("b1"), 30) == "b1"
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(looks) < 5
    work.may_end.set()
    assert await asyncio.gather(first, held_up) == ["a1", "a2"]


async def test_a_key_is_free_again_after_an_error():
    def work(items: list[str]) -> list[str]:
        if items == ["a bad one"]:
            raise RuntimeError
        return items

    batcher = Batcher(work, key=lambda item: item[0])
    with pytest.raises(RuntimeError):
        await batcher.submit("a bad one")
    assert await asyncio.wait_for(batcher.submit("a good one"), 30) == "a good one"


def test_rejected_items_stay_rejected_and_the_rest_is_one_batch():
    calls = []

    def work(items: list[int]) -> list[int | Exception]:
        calls.append(items)
        return [KeyError(item) if item == 3 else item * 10 for item in items]

    refused, last = ValueError("refused"), ValueError("refused as well")
    first, second, third, fourth, fifth = apply_to_valid(work, [refused, 1, 3, 4, last])
    assert (first, second, fourth, fifth) == (refused, 10, 40, last)
    assert isinstance(third, KeyError)
    assert calls == [[1, 3, 4]]


def test_if_all_items_are_rejected_no_work_runs():
    refused = [ValueError(), ValueError()]
    assert apply_to_valid(pytest.fail, refused) == refused
    assert apply_to_valid(pytest.fail, []) == []
