"""Declarations are checked when their module is imported."""

from datetime import timedelta

import pytest
from django_tasks.exceptions import InvalidTaskError

from deals.tasks import take_due_actions
from tasks import task
from tasks.declarations import declared_kinds, declared_task, recurring_tasks
from tests.apps.tasks import samples


def of(**options):
    def sample(row_id: int) -> None: ...

    sample.__qualname__ = "sample"
    return task(**options)(sample)


@pytest.mark.parametrize(
    "options",
    [
        {"max_attempts": 0},
        {"time_limit": timedelta()},
        {"time_limit": timedelta(hours=1, seconds=1)},
        {"key": ("row",)},
        {"key": ("row_id", "context")},
    ],
    ids=str,
)
def test_wrong_declarations_are_refused(options):
    before = declared_kinds()
    with pytest.raises(ValueError, match="sample"):
        of(**options)
    assert declared_kinds() == before


def test_a_kind_is_used_once():
    with pytest.raises(ValueError, match="simple is used already"):
        task()(samples.simple.func)


@pytest.mark.parametrize("function", [lambda: None, pytest.param(len, id="len")])
def test_only_functions_of_a_module_are_tasks(function):
    with pytest.raises((InvalidTaskError, ValueError)):
        task()(function)


def test_coroutines_are_refused():
    async def sample() -> None: ...

    sample.__qualname__ = "sample"
    with pytest.raises(InvalidTaskError):
        task()(sample)


def test_a_kind_is_the_package_and_the_function():
    assert take_due_actions.kind == "deals.take_due_actions"
    assert samples.simple.kind == "tests.apps.tasks.samples.simple"
    assert declared_task("deals.take_due_actions") is take_due_actions
    assert declared_task("deals.gone") is None


def test_recurring_tasks_have_an_interval_that_can_change(settings):
    assert take_due_actions in recurring_tasks()
    assert samples.simple not in recurring_tasks()
    settings.DEADLINE_SECONDS = 0.5
    assert take_due_actions.interval == timedelta(seconds=0.5)
