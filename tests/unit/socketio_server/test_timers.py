"""One timer of the event loop for the moments of many."""

import asyncio

import pytest
import uvloop

from socketio_server.timers import TimerQueue
from tests.socketio_server.clients import eventually


class Rung(list):
    """Who was rung, in order; with the moments for which it was."""

    def __init__(self) -> None:
        self.timers = TimerQueue(lambda sid, due: self.append((sid, due)))

    async def become(self, number: int) -> list[str]:
        await eventually(lambda: len(self) >= number)
        return [sid for sid, _ in self]


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_moments_come_in_their_order_however_they_were_added():
    rung = Rung()
    added = {name: soon(seconds) for name, seconds in {"c": 0.03, "a": 0.01, "d": 0.04, "b": 0.02}.items()}
    for name, due in added.items():
        rung.timers.add(due, name)
    assert await rung.become(4) == ["a", "b", "c", "d"]
    assert dict(rung) == added
    assert soon(0) >= added["d"] - 0.001


async def test_a_moment_before_all_others_is_not_kept_waiting_by_them():
    rung = Rung()
    rung.timers.add(soon(3600), "late")
    rung.timers.add(soon(0.01), "early")
    assert await rung.become(1) == ["early"]


@pytest.mark.parametrize("new_event_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_moment_that_has_passed_already_keeps_no_other_from_being_added(new_event_loop):
    async def add_and_wait() -> list[str]:
        rung = Rung()
        for name, seconds in {"passed": -1, "next": 0.01, "before": -2}.items():
            rung.timers.add(soon(seconds), name)
        return await rung.become(3)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(add_and_wait()) == ["before", "passed", "next"]


async def test_who_is_rung_may_add_the_next_moment():
    rung = Rung()

    def ring(sid: str, due: float) -> None:
        rung.append((sid, due))
        if len(rung) < 3:
            timers.add(due, sid)

    timers = TimerQueue(ring)
    timers.add(soon(0.01), "a")
    assert await rung.become(3) == ["a", "a", "a"]


async def test_a_fault_of_one_does_not_stop_the_others():
    rung, told = Rung(), []

    def ring(sid: str, due: float) -> None:
        if sid == "faulty":
            raise RuntimeError(sid)
        rung.append((sid, due))

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))
    timers = TimerQueue(ring)
    for sid in ("faulty", "sound"):
        timers.add(soon(0.01), sid)
    assert await rung.become(1) == ["sound"]
    assert [str(one) for one in told] == ["faulty"]


def test_what_waited_in_an_event_loop_that_has_ended_is_forgotten():
    rung = Rung()

    async def add(sid: str, seconds: float) -> None:
        rung.timers.add(soon(seconds), sid)

    async def add_and_wait() -> list[str]:
        await add("new", 0.01)
        return await rung.become(1)

    asyncio.run(add("old", 3600))
    assert asyncio.run(add_and_wait()) == ["new"]
