"""The metrics of a run are calculated from its history."""

import math
from typing import Any

import pytest

from faults.checker.history import parse
from faults.checker.performance import measure
from faults.metrics import Metric, percentile
from faults.recorder import Record

ROOM = "conversation_c"


def record(kind: str, t: float, **members: Any) -> Record:
    return {"kind": kind, "t": t, **members}


def sent(number: int, at: float) -> Record:
    return record("ack", at, client_message_id=f"k{number}", id=f"m{number}", seq=number, took=0.25, begun=at)


def seen(number: int, at: float, connection: int = 1) -> Record:
    members = {"client": "a", "connection": connection, "n": number, "event": "new_message", "seq": number}
    return record("event", at, room=ROOM, id=f"m{number}", conversation="c", **members)


def connected(number: int, at: float) -> Record:
    return record("connected", at, client="a", connection=number, recovered=number > 1)


def metrics(*records: Record) -> dict[str, Metric]:
    performance = measure(parse([record("client", 0, client="a", user="ann", may_miss_events=False), *records]))
    return {metric.name: metric for metric in performance.metrics}


def window(name: str, since: float, until: float, **threshold: Any) -> Record:
    threshold = {"maximum": None, "baseline": None, "factor": 1.2} | threshold
    return record("window", until, name=name, since=since, until=until, **threshold)


def test_latency_is_from_the_request_to_the_first_event() -> None:
    found = metrics(connected(1, 0), sent(1, 1.0), seen(1, 1.5), seen(1, 9.0))
    assert found["delivered, p99"].value == 500
    assert found["acknowledged, p50"].value == 250
    assert found["events seen again"].value == 50


def test_a_client_has_caught_up_when_it_has_seen_all_messages_sent_before_the_reconnect() -> None:
    lost = record("disconnected", 2.0, client="a", connection=1, reason="cut")
    before, meanwhile, later = sent(1, 1.0), sent(2, 2.5), sent(3, 3.5)
    back = [lost, meanwhile, connected(2, 3.0), later, seen(2, 3.25, 2), seen(3, 5.0, 2)]
    found = metrics(connected(1, 0), before, seen(1, 1.1), *back)
    assert found["clients back and caught up, p99"].value == 1250


def test_a_client_that_missed_no_message_has_caught_up_when_it_is_connected() -> None:
    lost = record("disconnected", 2.0, client="a", connection=1, reason="cut")
    found = metrics(connected(1, 0), lost, connected(2, 2.5))
    assert found["clients back and caught up, p99"].value == 500


def test_a_window_measures_the_messages_sent_in_it() -> None:
    found = metrics(
        connected(1, 0), sent(1, 1.0), seen(1, 1.1), sent(2, 2.0), seen(2, 2.4), window("late", 2.0, 3.0, maximum=300)
    )
    assert (found["late"].value, found["late"].holds) == (400, False)


@pytest.mark.parametrize(("took", "holds"), [(0.12, True), (0.13, False)])
def test_a_window_can_have_another_window_as_its_baseline(took: float, holds: bool) -> None:
    found = metrics(
        *(connected(1, 0), sent(1, 1.0), seen(1, 1.1), sent(2, 2.0), seen(2, 2.0 + took)),
        *(window("before", 1.0, 2.0), window("after", 2.0, 3.0, baseline="before")),
    )
    assert (found["after"].maximum, found["after"].holds) == (120, holds)


def test_windows_with_the_same_name_are_measured_together() -> None:
    found = metrics(
        *(connected(1, 0), sent(1, 1.0), seen(1, 1.1), sent(2, 2.0), seen(2, 2.9), sent(3, 3.0), seen(3, 3.2)),
        *(window("in turns", 1.0, 2.0), window("in turns", 3.0, 4.0), window("between", 2.0, 3.0, baseline="in turns")),
    )
    assert (found["in turns"].value, found["between"].value, found["between"].maximum) == (200, 900, 240)


def test_a_threshold_fails_without_measurements() -> None:
    nothing = metrics(connected(1, 0), window("empty", 1.0, 2.0, maximum=100))["empty"]
    assert math.isnan(nothing.value)
    assert not nothing.holds


def test_a_percentile_is_a_measured_value() -> None:
    assert percentile([5, 1, 4, 2, 3], 0.5) == 3
    assert percentile(range(1, 101), 0.99) == 99
    assert math.isnan(percentile([], 0.5))
