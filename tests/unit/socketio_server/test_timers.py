"""One timer of the event loop serves many sessions."""

import asyncio

import pytest
import uvloop

from socketio_server.timers import TimerQueue
from tests.harness.waiting import eventually


class Recorded(list):
    """Records the calls of `on_due`, in order."""

    def __init__(self) -> None:
        self.timers = TimerQueue(lambda sid, due: self.append((sid, due)))

    async def become(self, number: int) -> list[str]:
        await eventually(lambda: len(self) >= number)
        return [sid for sid, _ in self]


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_times_come_in_order_however_they_were_added():
    recorded = Recorded()
    added = {name: soon(seconds) for name, seconds in {"c": 0.03, "a": 0.01, "d": 0.04, "b": 0.02}.items()}
    for name, due in added.items():
        recorded.timers.add(due, name)
    assert await recorded.become(4) == ["a", "b", "c", "d"]
    assert dict(recorded) == added
    assert soon(0) >= added["d"] - 0.001


async def test_an_early_time_does_not_wait_for_later_ones():
    recorded = Recorded()
    recorded.timers.add(soon(3600), "late")
    recorded.timers.add(soon(0.01), "early")
    assert await recorded.become(1) == ["early"]


@pytest.mark.parametrize("new_event_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_times_can_be_added_after_others_have_passed(new_event_loop):
    async def add_and_wait() -> list[str]:
        recorded = Recorded()
        for name, seconds in {"passed": -1, "next": 0.01, "before": -2}.items():
            recorded.timers.add(soon(seconds), name)
        return await recorded.become(3)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(add_and_wait()) == ["before", "passed", "next"]


async def test_the_callback_can_add_the_next_time():
    recorded = Recorded()

    def on_due(sid: str, due: float) -> None:
        recorded.append((sid, due))
        if len(recorded) < 3:
            timers.add(due, sid)

    timers = TimerQueue(on_due)
    timers.add(soon(0.01), "a")
    assert await recorded.become(3) == ["a", "a", "a"]


async def test_an_error_of_one_callback_does_not_stop_the_others():
    recorded, errors = Recorded(), []

    def on_due(sid: str, due: float) -> None:
        if sid == "faulty":
            raise RuntimeError(sid)
        recorded.append((sid, due))

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: errors.append(context["exception"]))
    timers = TimerQueue(on_due)
    for sid in ("faulty", "sound"):
        timers.add(soon(0.01), sid)
    assert await recorded.become(1) == ["sound"]
    assert [str(one) for one in errors] == ["faulty"]


def test_times_of_an_event_loop_that_has_ended_are_dropped():
    recorded = Recorded()

    async def add(sid: str, seconds: float) -> None:
        recorded.timers.add(soon(seconds), sid)

    async def add_and_wait() -> list[str]:
        await add("new", 0.01)
        return await recorded.become(1)

    asyncio.run(add("old", 3600))
    assert asyncio.run(add_and_wait()) == ["new"]
