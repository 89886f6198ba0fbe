"""The judge finds every kind of fault that is planted in a history, and nothing in one without."""

from collections.abc import Callable
from typing import Any

import pytest

from faults.checker import PROPERTIES, judge
from faults.history import Record
from faults.state import Place, Row, State
from faults.story import tell

ANN, BOB, EVE = "ann", "bob", "eve"
ROOM = "conversation_c"


class Told:
    """A conversation of Ann and Bob, three messages long, whole in the database and at both their clients."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.state = State(
            messages=[Row(f"m{seq}", "c", seq, ANN, f"k{seq}") for seq in (1, 2, 3)],
            places=[Place("c", ANN, 0, 0), Place("c", BOB, 1, 2)],
            logs={ROOM: [(seq, "new_message", f"m{seq}") for seq in (1, 2, 3)]},
            ends={ROOM: 3},
            shown={(BOB, "c"): ("m3", 2)},
        )
        for number, user in enumerate((ANN, BOB)):
            name = f"client-{user}"
            self.add("client", client=name, user=user, wanders=False)
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

    def returned(self, client: str, *, recovered: bool) -> None:
        self.add("disconnected", 4.0, client=client, connection=1, reason="cut")
        self.add("connected", 4.5, client=client, connection=2, recovered=recovered)

    def findings(self) -> set[str]:
        return {finding.property for finding in judge(tell(self.records), self.state)}


Plant = Callable[[Told], None]
PLANTS: list[tuple[str, Plant]] = []


def planted(finds: str) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        PLANTS.append((finds, plant))
        return plant

    return register


@planted("durable")
def an_acknowledged_message_that_is_not_stored(told: Told) -> None:
    told.add("ack", client_message_id="k4", id="m4", seq=4, took=0.1, begun=4.0)


@planted("durable")
def an_acknowledged_message_that_is_stored_elsewhere(told: Told) -> None:
    told.state.messages[2] = Row("m3", "c", 9, ANN, "k3")


@planted("logged")
def a_hole_in_the_log(told: Told) -> None:
    del told.state.logs[ROOM][1]


@planted("logged")
def a_room_that_counts_further_than_its_log(told: Told) -> None:
    told.state.ends[ROOM] = 4


@planted("logged")
def a_message_without_its_event(told: Told) -> None:
    told.state.messages.append(Row("m4", "c", 4, ANN, None))


@planted("logged")
def an_event_without_its_message(told: Told) -> None:
    del told.state.messages[1]


@planted("delivered")
def an_event_that_was_not_seen(told: Told) -> None:
    told.records.remove(told.events("client-bob")[2])


@planted("delivered")
def a_client_that_saw_nothing(told: Told) -> None:
    for event in told.events("client-bob"):
        told.records.remove(event)


@planted("ordered")
def two_events_in_the_wrong_order(told: Told) -> None:
    second, third = told.events("client-bob")[1:]
    second["seq"], second["id"], third["seq"], third["id"] = 3, "m3", 2, "m2"


@planted("ordered")
def a_hole_in_one_connection(told: Told) -> None:
    told.records.remove(told.events("client-bob")[1])


@planted("ordered")
def a_hole_over_a_return(told: Told) -> None:
    told.returned("client-bob", recovered=True)
    told.state.logs[ROOM] += [(4, "new_message", "m4"), (5, "new_message", "m5")]
    told.event("client-bob", 5, connection=2)


@planted("ordered")
def another_event_under_the_same_number(told: Told) -> None:
    told.events("client-bob")[1]["id"] = "other"


@planted("ordered")
def a_number_that_the_log_does_not_have(told: Told) -> None:
    told.event("client-bob", 4)


@planted("ordered")
def a_step_back_of_a_client_that_wanders(told: Told) -> None:
    told.records[0]["wanders"] = True
    told.event("client-ann", 2, at=9.0, connection=2)


@planted("unique")
def a_message_stored_twice(told: Told) -> None:
    told.state.messages.append(Row("m4", "c", 4, ANN, "k3"))


@planted("unique")
def a_repeat_that_is_answered_with_another_message(told: Told) -> None:
    told.add("ack", client_message_id="k3", id="m2", seq=2, took=0.1, begun=3.0)


@planted("unique")
def an_event_seen_twice_in_one_connection(told: Told) -> None:
    told.event("client-bob", 3)


@planted("unique")
def a_message_under_two_numbers(told: Told) -> None:
    told.event("client-bob", 4, id="m3")


@planted("counted")
def an_unread_count_that_drifted(told: Told) -> None:
    told.state.places[1] = Place("c", BOB, 1, 3)


@planted("counted")
def a_list_that_shows_an_older_message(told: Told) -> None:
    told.state.shown[BOB, "c"] = ("m2", 2)


@planted("private")
def an_event_at_a_stranger(told: Told) -> None:
    told.add("client", client="client-eve", user=EVE, wanders=False)
    told.event("client-eve", None, event="user_typing", id=None)


@planted("private")
def an_event_after_the_removal(told: Told) -> None:
    told.add("removed", 5.0, user=BOB, room=ROOM, bound=1.0)
    told.event("client-bob", None, at=6.5, event="conversation_list_updated", id=None)


@planted("private")
def a_notification_after_the_removal(told: Told) -> None:
    told.add("removed", 5.0, user=BOB, room=ROOM, bound=1.0)
    told.state.logs["user_bob"] = [(1, "notification", "n1")]
    told.state.ends["user_bob"] = 1
    told.event("client-bob", 1, at=6.5, event="notification", room="user_bob", id="n1")


@planted("authenticated")
def an_event_before_the_connection_is_accepted(told: Told) -> None:
    told.add("early", client="client-bob", frame="42[]")


@planted("authenticated")
def a_stranger_that_is_sent_an_event(told: Told) -> None:
    told.add("stranger", what="fuzz", events=1, handled=0, closed=True)


@planted("authenticated")
def a_stranger_whose_command_is_carried_out(told: Told) -> None:
    told.add("stranger", what="fuzz", events=0, handled=1, closed=True)


@planted("authenticated")
def a_stranger_whose_connection_stays(told: Told) -> None:
    told.add("stranger", what="fuzz", events=0, handled=0, closed=False)


@planted("revoked")
def an_event_after_the_session_ended(told: Told) -> None:
    told.add("revoked", 1.5, clients=["client-bob"], bound=1.0)


@planted("answered")
def a_message_that_is_refused(told: Told) -> None:
    told.add("refused", client_message_id="k9", error="403", user=ANN, room=ROOM)


@planted("restored")
def a_return_without_the_rooms(told: Told) -> None:
    told.returned("client-bob", recovered=False)


@planted("restored")
def a_replay_that_is_not_whole(told: Told) -> None:
    told.add("joined", 5.0, client="client-bob", connection=1, room=ROOM, seq=3, after=3, reset=True)


@planted("restored")
def a_client_that_is_sent_away(told: Told) -> None:
    told.add("ended", client="client-bob", reason="disconnect")


@pytest.mark.parametrize("what", ["fds", "sockets", "rooms", "tasks", "rss"])
def test_growth_is_found(what):
    told = Told()
    size = {"rss": 100 << 20, "fds": 20, "sockets": 0, "rooms": 0, "tasks": 20}
    told.add("size", process="worker", **size)
    told.add("size", process="worker", **size)
    assert told.findings() == set()
    told.records[-1][what] += max(10, size[what] // 5)
    assert told.findings() == {"steady"}


def test_nothing_is_found_where_nothing_is_wrong():
    assert Told().findings() == set()


def test_a_return_with_a_repeat_and_the_rest_is_no_fault():
    told = Told()
    told.returned("client-bob", recovered=True)
    told.state.messages.append(Row("m4", "c", 4, BOB, "k4"))
    told.state.logs[ROOM].append((4, "new_message", "m4"))
    told.state.ends[ROOM] = 4
    told.state.places[0] = Place("c", ANN, 0, 1)
    told.state.shown.clear()
    told.event("client-bob", 3, connection=2)
    told.event("client-bob", 4, connection=2)
    told.event("client-ann", 4)
    assert told.findings() == set()


def test_who_was_taken_out_need_not_see_the_rest():
    told = Told()
    told.records.remove(told.events("client-bob")[2])
    told.add("removed", 2.5, user=BOB, room=ROOM, bound=1.0)
    told.add("refused", client_message_id="k9", error="404", user=BOB, room=ROOM)
    assert told.findings() == set()


@pytest.mark.parametrize(("finds", "plant"), PLANTS, ids=lambda value: getattr(value, "__name__", None))
def test_a_planted_fault_is_found(finds, plant):
    told = Told()
    plant(told)
    assert finds in told.findings()


def test_every_property_has_a_planted_fault():
    assert {finds for finds, _ in PLANTS} | {"steady"} == {check.__name__ for check in PROPERTIES}
