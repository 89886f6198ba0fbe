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


async def test_what_is_put_off_comes_after_the_answer_and_in_its_order():
    def work(happened: list[Any]) -> str:
        assert after_result(lambda: happened.append("first"))
        assert after_result(lambda: happened.append("second"))
        return "answer"

    assert await result_of(work) == [("answer", None), "first", "second"]


async def test_what_was_done_before_a_fault_is_told_as_well():
    fault = RuntimeError("too late")

    def work(happened: list[Any]) -> None:
        after_result(lambda: happened.append("done before"))
        raise fault

    assert await result_of(work) == [(None, fault), "done before"]


async def test_what_is_called_with_the_answer_can_put_nothing_off_any_more():
    def work(happened: list[Any]) -> None:
        after_result(lambda: happened.append(after_result(lambda: None)))

    assert await result_of(work) == [(None, None), False]


async def test_elsewhere_nothing_can_be_put_off():
    assert not after_result(lambda: None)
    await result_of(lambda happened: None)
    assert not after_result(lambda: None)


async def test_what_waits_for_a_work_goes_on_after_what_that_put_off():
    happened: list[str] = []
    await in_database(after_result, lambda: happened.append("put off"))
    assert happened == ["put off"]


@pytest.mark.parametrize("fault", [ValueError("wrong"), SystemExit(3)])
async def test_whatever_a_work_raises_is_raised_to_who_waits_for_it(fault):
    def work() -> None:
        raise fault

    with pytest.raises(type(fault)) as raised:
        await in_database(work)
    assert raised.value is fault
    assert await in_database(lambda: "and the next one") == "and the next one"
