"""The result of a database thread is handled in the event loop, and deferred functions run directly after that."""

import asyncio
from typing import Any

import pytest

from foundation.database.executor import after_result, in_database, submit_to_database


async def result_of(work: Any) -> list[Any]:
    """Return what happens in the event loop, starting with the result."""
    happened: list[Any] = []
    over = asyncio.get_running_loop().create_future()

    def done(answer: Any, fault: Exception | None) -> None:
        happened.append((answer, fault))
        asyncio.get_running_loop().call_soon(over.set_result, None)

    submit_to_database(lambda: work(happened), done)
    await asyncio.wait_for(over, 30)
    return happened


async def test_deferred_functions_run_after_the_result_in_order():
    def work(happened: list[Any]) -> str:
        assert after_result(lambda: happened.append("first"))
        assert after_result(lambda: happened.append("second"))
        return "answer"

    assert await result_of(work) == [("answer", None), "first", "second"]


async def test_deferred_functions_run_after_an_error_too():
    fault = RuntimeError("too late")

    def work(happened: list[Any]) -> None:
        after_result(lambda: happened.append("done before"))
        raise fault

    assert await result_of(work) == [(None, fault), "done before"]


async def test_the_result_callback_cannot_defer_functions():
    def work(happened: list[Any]) -> None:
        after_result(lambda: happened.append(after_result(lambda: None)))

    assert await result_of(work) == [(None, None), False]


async def test_functions_can_be_deferred_in_database_threads_only():
    assert not after_result(lambda: None)
    await result_of(lambda happened: None)
    assert not after_result(lambda: None)


async def test_a_waiting_coroutine_continues_after_deferred_functions():
    happened: list[str] = []
    await in_database(after_result, lambda: happened.append("put off"))
    assert happened == ["put off"]


@pytest.mark.parametrize("fault", [ValueError("wrong"), SystemExit(3)])
async def test_an_error_of_the_work_is_raised_to_the_waiting_coroutine(fault):
    def work() -> None:
        raise fault

    with pytest.raises(type(fault)) as raised:
        await in_database(work)
    assert raised.value is fault
    assert await in_database(lambda: "and the next one") == "and the next one"
