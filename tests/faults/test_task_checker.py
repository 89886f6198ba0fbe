"""The checker of tasks finds each kind of violation, and nothing in a history without one."""

import json

import pytest

from faults.checker.tasks import (
    Execution,
    TaskHistory,
    check_tasks,
    read_executions,
    seconds_until_taken_again,
)


def ran(what, begin, end, outcome="succeeded", pid=1):
    return Execution(what, pid, begin, end, outcome)


def stored(*tasks, outcome="committed", begin=0.0, group="grouped 1"):
    return {"tasks": list(tasks), "group": group, "begin": begin, "outcome": outcome}


GROUP = ran("grouped 1", 1, 2)


def check(executions, transactions, kills=(), outages=()):
    return check_tasks(TaskHistory(transactions, executions, list(kills), list(outages)))


@pytest.mark.parametrize(
    ("executions", "kills", "outages"),
    [
        ([ran("quick 1", 1, 2)], [], []),
        ([ran("quick 1", 1, 2, "failed"), ran("quick 1", 3, 4)], [], []),
        ([ran("quick 1", 1, 2, "interrupted"), ran("quick 1", 2, 4)], [], []),
        ([ran("quick 1", 1, 2, "killed"), ran("quick 1", 50, 51, pid=2)], [(1, 2)], []),
        ([ran("quick 1", 1, 2), ran("quick 1", 50, 51, pid=2)], [(1, 2.1)], []),
        ([ran("quick 1", 1, 2), ran("quick 1", 50, 51, pid=2)], [], [(1.5, 5)]),
    ],
)
def test_a_correct_history_has_no_violations(executions, kills, outages):
    assert check([GROUP, *executions], [stored("quick 1")], kills, outages) == []


@pytest.mark.parametrize("outcome", ["rolled back", "unknown"])
def test_a_task_that_was_not_stored_does_not_run(outcome):
    assert check([], [stored("quick 1", outcome=outcome)]) == []


def test_a_rolled_back_task_that_ran_is_found():
    assert check([ran("quick 1", 1, 2)], [stored("quick 1", outcome="rolled back")]) == [
        "task quick 1 ran, but was rolled back"
    ]
    assert check([ran("quick 1", 1, 2)], [stored("quick 1", outcome="unknown")]) == []


@pytest.mark.parametrize("executions", [[], [ran("quick 1", 1, 2, "failed")], [ran("quick 1", 1, 2, "killed")]])
def test_a_lost_task_is_found(executions):
    assert check([GROUP, *executions], [stored("quick 1")]) == ["task quick 1 was lost"]


def test_a_lost_run_of_a_group_is_found():
    assert check([GROUP], [stored(begin=1)]) == []
    assert check([GROUP], [stored(begin=1), stored(begin=1.5)]) == ["task grouped 1 did not run after 1.5"]


@pytest.mark.parametrize(
    "first", [ran("grouped 1", 1, 5), ran("grouped 1", 1, float("inf"), "killed"), ran("grouped 1", 1, 5, "killed")]
)
def test_two_attempts_at_once_are_found(first):
    (found,) = check([first, ran("grouped 1", 4, 6, pid=2)], [])
    assert found.startswith("task grouped 1 began at 4, while an attempt ran")


def test_two_attempts_are_found_behind_a_short_one():
    executions = [ran("quick 1", 1, 9, "failed"), ran("quick 1", 2, 3, "failed", 2), ran("quick 1", 8, 10, pid=3)]
    assert len(check([GROUP, *executions], [stored("quick 1")])) == 2


@pytest.mark.parametrize(
    ("kills", "outages"),
    [([], []), ([(2, 2.1)], []), ([(1, 0.5)], []), ([(1, 60)], []), ([], [(60, 70)]), ([], [(0, 0.5)])],
)
def test_a_repetition_without_a_kill_is_found(kills, outages):
    executions = [GROUP, ran("quick 1", 1, 2), ran("quick 1", 50, 51, pid=3)]
    (found,) = check(executions, [stored("quick 1")], kills, outages)
    assert found == "task quick 1 ran again at 50, after it had succeeded at 2"


def test_executions_are_read_from_the_log(tmp_path):
    log = tmp_path / "log"
    lines = [
        {"at": 1, "pid": 1, "event": "begin", "what": "quick 1"},
        {"at": 2, "pid": 2, "event": "begin", "what": "quick 1"},
        {"at": 3, "pid": 1, "event": "end", "what": "quick 1", "outcome": "succeeded"},
        {"at": 4, "pid": 3, "event": "begin", "what": "slow 2"},
    ]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert read_executions(log, [(2, 5)]) == [
        ran("quick 1", 1, 3),
        ran("quick 1", 2, 5, "killed", 2),
        ran("slow 2", 4, float("inf"), "killed", 3),
    ]


def test_the_time_until_a_task_is_taken_again():
    executions = [ran("a", 1, 2, "killed"), ran("a", 40, 41), ran("b", 1, 2, "failed"), ran("b", 90, 91)]
    assert seconds_until_taken_again(TaskHistory([], executions, [], [])) == 38
    assert seconds_until_taken_again(TaskHistory([], [], [], [])) == 0
