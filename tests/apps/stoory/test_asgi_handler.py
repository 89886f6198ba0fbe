"""Requests run in threads; a client that disconnects does not stop work that has begun."""

import asyncio
import threading

import httpx
import pytest
from django.http import HttpRequest, HttpResponse

from foundation.database import executor
from foundation.database.executor import in_request
from stoory.asgi_handler import Handler

THREADS = executor._requests._max_workers


@pytest.fixture
def gate():
    """An event that keeps threads busy until it is set."""
    opened = threading.Event()
    yield opened
    opened.set()


async def until_begun(begun: threading.Semaphore, number: int) -> None:
    for _ in range(number):
        assert await asyncio.to_thread(begun.acquire, timeout=10)


async def busy_with(gate: threading.Event, number: int) -> list[asyncio.Task]:
    begun = threading.Semaphore(0)

    def work() -> bool:
        begun.release()
        return gate.wait(10)

    tasks = [asyncio.create_task(in_request(work)) for _ in range(number)]
    await until_begun(begun, number)
    return tasks


@pytest.mark.django_db(transaction=True)
async def test_probes_respond_while_every_thread_is_busy(gate):
    tasks = await busy_with(gate, THREADS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Handler()), base_url="http://127.0.0.1") as client:
        answer = await client.get("/healthz")
        assert answer.status_code == 200
        assert not any(task.done() for task in tasks)
        gate.set()
        assert all(await asyncio.gather(*tasks))
        assert (await client.get("/api/auth/me")).status_code == 401


async def test_a_started_request_is_completed_when_its_client_disconnects(gate):
    (task,) = await busy_with(gate, 1)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_waiting_request_is_dropped_when_its_client_disconnects(gate):
    tasks = await busy_with(gate, THREADS)
    begun = []
    late = asyncio.create_task(in_request(begun.append, "late"))
    await asyncio.sleep(0)
    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    gate.set()
    await asyncio.gather(*tasks)
    await in_request(bool)
    assert begun == []


async def test_a_request_stays_in_one_thread(monkeypatch):
    seen = []

    def everywhere(request: HttpRequest) -> HttpResponse:
        seen.append(threading.current_thread().name)
        return HttpResponse("ok")

    handler = Handler()
    monkeypatch.setattr(handler, "_middleware_chain", everywhere)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(handler), base_url="http://127.0.0.1") as client:
        assert (await client.get("/")).text == "ok"
    assert [name.rpartition("_")[0] for name in seen] == ["request"]
