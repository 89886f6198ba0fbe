"""The checker finds every kind of violation that is planted in a history, and none in a correct history."""

from collections.abc import Callable
from typing import Any

import pytest

from faults.checker.final_state import FinalState, MessageRow, ParticipantRow
from faults.checker.history import parse
from faults.checker.properties import PROPERTIES, check
from faults.recorder import Record

ANN, BOB, EVE = "ann", "bob", "eve"
ROOM = "conversation_c"


class Sample:
    """A conversation of Ann and Bob with three messages, complete in the database and at both clients."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.state = FinalState(
            messages=[MessageRow(f"m{seq}", "c", seq, ANN, f"k{seq}") for seq in (1, 2, 3)],
            participants=[ParticipantRow("c", ANN, 0, 0), ParticipantRow("c", BOB, 1, 2)],
            logs={ROOM: [(seq, "new_message", f"m{seq}") for seq in (1, 2, 3)]},
            last_seqs={ROOM: 3},
            listed={(BOB, "c"): ("m3", 2)},
        )
        for number, user in enumerate((ANN, BOB)):
            name = f"client-{user}"
            self.add("client", client=name, user=user, may_miss_events=False)
            self.add("connected", client=name, connection=1, recovered=False)
            self.add("joined", client=name, connection=1, room=ROOM, seq=0, after=None, reset=False)
            for seq in (1, 2, 3):
                self.event(name, seq, at=seq + number / 10)
        for seq in (1, 2, 3):
            self.add("ack", client_message_id=f"k{seq}", id=f"m{seq}", seq=seq, took=0.1, begun=float(seq))

    def add(self, kind: str, t: float = 0.0, **members: Any) -> Record:
        self.records.append({"kind": kind, "t": t, **members})
        return self.records[-1]

    def event(self, client: str, seq: int | None, *, at: float = 9.0, connection: int = 1, **members: Any) -> Record:
        arrived = sum(one["kind"] == "event" and one["client"] == client for one in self.records)
        known = {"event": "new_message", "room": ROOM, "id": f"m{seq}", "conversation": "c"}
        seen = known | members
        return self.add("event", at, client=client, connection=connection, n=arrived + 1, seq=seq, **seen)

    def events(self, client: str) -> list[Record]:
        return [one for one in self.records if one["kind"] == "event" and one["client"] == client]

    def reconnected(self, client: str, *, recovered: bool) -> None:
        self.add("disconnected", 4.0, client=client, connection=1, reason="cut")
        self.add("connected", 4.5, client=client, connection=2, recovered=recovered)

    def violations(self) -> set[str]:
        return {violation.property for violation in check(parse(self.records), self.state)}


Plant = Callable[[Sample], None]
PLANTS: list[tuple[str, Plant]] = []


def planted(finds: str) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        PLANTS.append((finds, plant))
        return plant

    return register


@planted("durable")
def an_acknowledged_message_that_is_not_stored(history: Sample) -> None:
    history.add("ack", client_message_id="k4", id="m4", seq=4, took=0.1, begun=4.0)


@planted("durable")
def an_acknowledged_message_that_is_stored_under_another_seq(history: Sample) -> None:
    history.state.messages[2] = MessageRow("m3", "c", 9, ANN, "k3")


@planted("gapless")
def a_gap_in_the_log(history: Sample) -> None:
    del history.state.logs[ROOM][1]


@planted("gapless")
def a_last_seq_after_the_end_of_the_log(history: Sample) -> None:
    history.state.last_seqs[ROOM] = 4


@planted("gapless")
def a_message_without_its_event(history: Sample) -> None:
    history.state.messages.append(MessageRow("m4", "c", 4, ANN, None))


@planted("gapless")
def an_event_without_its_message(history: Sample) -> None:
    del history.state.messages[1]


@planted("delivered")
def an_event_that_was_not_seen(history: Sample) -> None:
    history.records.remove(history.events("client-bob")[2])


@planted("delivered")
def a_client_that_saw_nothing(history: Sample) -> None:
    for event in history.events("client-bob"):
        history.records.remove(event)


@planted("ordered")
def two_events_in_the_wrong_order(history: Sample) -> None:
    second, third = history.events("client-bob")[1:]
    second["seq"], second["id"], third["seq"], third["id"] = 3, "m3", 2, "m2"


@planted("ordered")
def a_gap_within_one_connection(history: Sample) -> None:
    history.records.remove(history.events("client-bob")[1])


@planted("ordered")
def a_gap_across_a_reconnect(history: Sample) -> None:
    history.reconnected("client-bob", recovered=True)
    history.state.logs[ROOM] += [(4, "new_message", "m4"), (5, "new_message", "m5")]
    history.event("client-bob", 5, connection=2)


@planted("ordered")
def an_event_that_the_log_has_under_another_seq(history: Sample) -> None:
    history.events("client-bob")[1]["id"] = "other"


@planted("ordered")
def a_seq_that_the_log_does_not_have(history: Sample) -> None:
    history.event("client-bob", 4)


@planted("ordered")
def a_decreasing_seq_at_a_client_that_may_miss_events(history: Sample) -> None:
    history.records[0]["may_miss_events"] = True
    history.event("client-ann", 2, at=9.0, connection=2)


@planted("unique")
def a_message_stored_twice(history: Sample) -> None:
    history.state.messages.append(MessageRow("m4", "c", 4, ANN, "k3"))


@planted("unique")
def a_repeated_send_that_is_acknowledged_with_another_message(history: Sample) -> None:
    history.add("ack", client_message_id="k3", id="m2", seq=2, took=0.1, begun=3.0)


@planted("unique")
def an_event_seen_twice_in_one_connection(history: Sample) -> None:
    history.event("client-bob", 3)


@planted("unique")
def a_message_under_two_sequence_numbers(history: Sample) -> None:
    history.event("client-bob", 4, id="m3")


@planted("counted")
def a_wrong_unread_count(history: Sample) -> None:
    history.state.participants[1] = ParticipantRow("c", BOB, 1, 3)


@planted("counted")
def a_list_that_shows_an_older_message(history: Sample) -> None:
    history.state.listed[BOB, "c"] = ("m2", 2)


@planted("private")
def an_event_at_a_user_who_is_no_participant(history: Sample) -> None:
    history.add("client", client="client-eve", user=EVE, may_miss_events=False)
    history.event("client-eve", None, event="user_typing", id=None)


@planted("private")
def an_event_after_the_removal(history: Sample) -> None:
    history.add("removed", 5.0, user=BOB, room=ROOM, bound=1.0)
    history.event("client-bob", None, at=6.5, event="conversation_list_updated", id=None)


@planted("private")
def a_notification_after_the_removal(history: Sample) -> None:
    history.add("removed", 5.0, user=BOB, room=ROOM, bound=1.0)
    history.state.logs["user_bob"] = [(1, "notification", "n1")]
    history.state.last_seqs["user_bob"] = 1
    history.event("client-bob", 1, at=6.5, event="notification", room="user_bob", id="n1")


@planted("authenticated")
def an_event_before_the_connection_is_accepted(history: Sample) -> None:
    history.add("early", client="client-bob", frame="42[]")


@planted("authenticated")
def an_attacker_that_is_sent_an_event(history: Sample) -> None:
    history.add("attack", what="fuzz", events=1, handled=0, closed=True)


@planted("authenticated")
def an_attacker_whose_command_is_handled(history: Sample) -> None:
    history.add("attack", what="fuzz", events=0, handled=1, closed=True)


@planted("authenticated")
def an_attacker_whose_connection_stays_open(history: Sample) -> None:
    history.add("attack", what="fuzz", events=0, handled=0, closed=False)


@planted("revoked")
def an_event_after_the_session_ended(history: Sample) -> None:
    history.add("revoked", 1.5, clients=["client-bob"], bound=1.0)


@planted("accepted")
def a_message_that_is_refused(history: Sample) -> None:
    history.add("refused", client_message_id="k9", error="403", user=ANN, room=ROOM)


@planted("recovered")
def a_reconnect_without_recovery(history: Sample) -> None:
    history.reconnected("client-bob", recovered=False)


@planted("recovered")
def an_incomplete_replay(history: Sample) -> None:
    history.add("joined", 5.0, client="client-bob", connection=1, room=ROOM, seq=3, after=3, reset=True)


@planted("recovered")
def a_client_that_is_disconnected_for_good(history: Sample) -> None:
    history.add("ended", client="client-bob", reason="disconnect")


@pytest.mark.parametrize("what", ["fds", "sockets", "rooms", "tasks", "rss"])
def test_resource_growth_is_found(what):
    history = Sample()
    size = {"rss": 100 << 20, "fds": 20, "sockets": 0, "rooms": 0, "tasks": 20}
    history.add("usage", process="worker", **size)
    history.add("usage", process="worker", **size)
    assert history.violations() == set()
    history.records[-1][what] += max(10, size[what] // 5)
    assert history.violations() == {"leak_free"}


def test_a_correct_history_has_no_violation():
    assert Sample().violations() == set()


def test_a_duplicate_after_a_reconnect_is_no_violation():
    history = Sample()
    history.reconnected("client-bob", recovered=True)
    history.state.messages.append(MessageRow("m4", "c", 4, BOB, "k4"))
    history.state.logs[ROOM].append((4, "new_message", "m4"))
    history.state.last_seqs[ROOM] = 4
    history.state.participants[0] = ParticipantRow("c", ANN, 0, 1)
    history.state.listed.clear()
    history.event("client-bob", 3, connection=2)
    history.event("client-bob", 4, connection=2)
    history.event("client-ann", 4)
    assert history.violations() == set()


def test_removed_users_need_not_see_later_events():
    history = Sample()
    history.records.remove(history.events("client-bob")[2])
    history.add("removed", 2.5, user=BOB, room=ROOM, bound=1.0)
    history.add("refused", client_message_id="k9", error="404", user=BOB, room=ROOM)
    assert history.violations() == set()


@pytest.mark.parametrize(("finds", "plant"), PLANTS, ids=lambda value: getattr(value, "__name__", None))
def test_a_planted_violation_is_found(finds, plant):
    history = Sample()
    plant(history)
    assert finds in history.violations()


def test_every_property_has_a_planted_violation():
    assert {finds for finds, _ in PLANTS} | {"leak_free"} == {check.__name__ for check in PROPERTIES}
