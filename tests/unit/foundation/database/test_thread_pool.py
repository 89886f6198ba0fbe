"""Database threads run all work, in parallel where possible, and never exceed their maximum number."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from foundation.database import thread_pool
from foundation.database.thread_pool import DatabaseThreads
from tests.harness.waiting import wait_until


@pytest.fixture(autouse=True)
def _soon_without_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_pool, "IDLE_SECONDS", 0.005)


def carry_out(some: DatabaseThreads, works: Sequence[Callable[[], object]]) -> None:
    """Submit all work functions and wait until they have run."""
    ended = threading.Semaphore(0)

    def submit(work: Callable[[], object]) -> None:
        def done() -> None:
            work()
            ended.release()

        some.submit(done)

    for work in works:
        submit(work)
    for _ in works:
        assert ended.acquire(timeout=30)


@pytest.mark.parametrize("together", [1, 2, 3])
def test_works_that_wait_for_each_other_have_separate_threads(together):
    some = DatabaseThreads(3)
    for turn in range(100):
        meeting = threading.Barrier(together, timeout=30)
        carry_out(some, [meeting.wait] * together)
        time.sleep(turn % 3 * thread_pool.IDLE_SECONDS / 2)


def test_the_number_of_threads_is_bounded():
    at_work, max_threads = [], []

    def work() -> None:
        at_work.append(None)
        max_threads.append(len(at_work))
        time.sleep(0.001)
        at_work.pop()

    carry_out(DatabaseThreads(2), [work] * 50)
    assert max(max_threads) == 2


def test_each_work_runs_once():
    some, done, count = DatabaseThreads(3), [], 200

    def submit(start: int) -> None:
        carry_out(some, [lambda number=number: done.append(number) for number in range(start, start + count)])

    beginners = [threading.Thread(target=submit, args=(first * count,)) for first in range(4)]
    for one in beginners:
        one.start()
    for one in beginners:
        one.join(60)
    assert sorted(done) == list(range(4 * count))


def test_idle_threads_end(monkeypatch):
    """A woken thread also ends if another thread took its work and its idle time is over."""
    monkeypatch.setattr(thread_pool, "IDLE_SECONDS", 0.001)
    several = [DatabaseThreads(3) for _ in range(60)]
    for some in several:
        for turn in range(6):
            carry_out(some, [lambda: None] * 3)
            time.sleep(turn % 3 * thread_pool.IDLE_SECONDS / 2)
    wait_until(lambda: not any(some._running for some in several))
