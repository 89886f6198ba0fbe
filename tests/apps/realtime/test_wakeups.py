"""Waking other processes over the bus."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from realtime import listening_for_wakes, on_wake, wake_processes, wakeups
from realtime.socket_gateway import Gateway
from tests.apps.realtime.waiting import eventually


@pytest.fixture
def woken(monkeypatch) -> list[str]:
    """The topics that were woken in this process."""
    found: list[str] = []
    monkeypatch.setattr(wakeups, "_receivers", {})
    for topic in ("tasks", "mails"):
        on_wake(topic, lambda topic=topic: found.append(topic))
    return found


@pytest.fixture
async def listening(woken: list[str]) -> AsyncIterator[None]:
    """Listen, and wait until the subscription works. Over Redis, it takes time."""
    async with listening_for_wakes():
        while not woken:
            wake_processes("tasks")
            await asyncio.sleep(0.05)
        wake_processes("mails")
        await eventually(lambda: "mails" in woken)  # the hints before it have arrived too
        woken.clear()
        yield


async def test_a_wake_up_reaches_every_listener_of_its_topic(woken, listening):
    wake_processes("tasks")
    await eventually(lambda: woken == ["tasks"])
    await asyncio.to_thread(wake_processes, "mails")
    await eventually(lambda: woken == ["tasks", "mails"])


async def test_unknown_topics_and_other_hints_are_ignored(woken, listening):
    wake_processes("nothing")
    wakeups._receive_wake({"type": "control.beat", "process": "x"})
    wake_processes("tasks")
    await eventually(lambda: woken == ["tasks"])


def test_a_gateway_passes_wake_ups_on(woken):
    Gateway()._receive({"type": "control.wake", "topic": "tasks"})
    assert woken == ["tasks"]


def test_waking_without_a_listener_does_nothing(woken):
    wake_processes("tasks")
    assert woken == []


# Companions of a gateway


async def test_companions_start_with_the_gateway_and_stop_before_it(monkeypatch):
    happened: list[str] = []
    gateway = Gateway()
    gateway.accompany(lambda: happened.append("started"), lambda: happened.append("stopped"))
    monkeypatch.setattr(gateway, "_periodic", [])
    for name in ("_bus_heartbeat", "_process_heartbeat"):
        monkeypatch.setattr(gateway, name, Idle(happened))
    await gateway.start()
    await gateway.start()
    await asyncio.gather(gateway.drain(), gateway.drain())
    await gateway.stop()
    assert happened == ["started", "stopped", "retired"]


async def test_a_gateway_waits_for_its_companions(monkeypatch):
    finished: list[str] = []
    gateway = Gateway()
    stopping, may_finish = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.call_soon_threadsafe(stopping.set)
        asyncio.run_coroutine_threadsafe(may_finish.wait(), loop).result(30)
        finished.append("companion")

    gateway.accompany(lambda: None, stop)
    monkeypatch.setattr(gateway, "_periodic", [])
    for name in ("_bus_heartbeat", "_process_heartbeat"):
        monkeypatch.setattr(gateway, name, Idle(finished))
    await gateway.start()
    gateway._drain_soon()
    await stopping.wait()
    stopped = asyncio.create_task(gateway.stop())
    await asyncio.sleep(0)
    may_finish.set()
    await stopped
    assert finished == ["companion", "retired"]


class Idle:
    """A heartbeat that stores nothing."""

    def __init__(self, happened: list[str]) -> None:
        self._happened = happened

    async def start(self) -> None: ...

    async def stop(self, timeout: float) -> None:
        self._happened.append("retired")
