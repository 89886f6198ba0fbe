"""The properties that must hold. Each one is a pure function of a history and the final state of the database, and
yields a text for each violation. No property depends on the faults that were injected.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from faults.checker.final_state import FinalState
from faults.checker.history import History, Observer, SeenEvent

NEW = "new_message"
GROWTH = {"fds": 4, "sockets": 0, "rooms": 0, "tasks": 4}
"""The allowed growth of each resource of a process, because the number of database connections and timers varies."""


@dataclass(frozen=True)
class Violation:
    """A violated property, and the text that describes the violation."""

    property: str
    what: str


def check(history: History, state: FinalState) -> list[Violation]:
    return [Violation(one.__name__, what) for one in PROPERTIES for what in one(history, state)]


# --- The properties ---


def durable(history: History, state: FinalState) -> Iterator[str]:
    """Acknowledged messages are in the database, with the `seq` of the acknowledgement."""
    rows = {row.id: row for row in state.messages}
    for client_message_id, acks in history.acks.items():
        row = rows.get(acks[0]["id"])
        if row is None:
            yield f"acknowledged message {acks[0]['id']} is not in the database"
        elif (row.seq, row.client_message_id) != (acks[0]["seq"], client_message_id):
            yield f"message {row.id} is stored at {row.seq}, acknowledged at {acks[0]['seq']}"


def gapless(history: History, state: FinalState) -> Iterator[str]:
    """The log of each room has the numbers 1, 2, 3 … up to its `last_seq`, and one event for each message."""
    for room, events in state.logs.items():
        if [seq for seq, _, _ in events] != list(range(1, len(events) + 1)) or state.last_seqs[room] != len(events):
            yield f"the log of {room} has gaps or does not end at {state.last_seqs[room]}"
    in_log = {(room, seq, id) for room, events in state.logs.items() for seq, event, id in events if event == NEW}
    stored = {(f"conversation_{row.conversation}", row.seq, row.id) for row in state.messages}
    for room, seq, id in in_log ^ stored:
        yield f"message {id} and the log of {room} differ at {seq}"


def delivered(history: History, state: FinalState) -> Iterator[str]:
    """Clients in a room see all of its events from the join to the end, unless their user was removed."""
    for observer in _observers_to_the_end(history):
        gone = {record["room"] for record in history.removals if record["user"] == observer.user}
        for room, first, last in _spans(observer, state):
            missing = set(range(first, last + 1)) - {seq for _, seq, *_ in observer.events.get(room, ())}
            if missing and room not in gone:
                yield f"{observer.name} missed {len(missing)} of {last - first + 1} in {room}, from {min(missing)} on"


def ordered(history: History, state: FinalState) -> Iterator[str]:
    """All clients see the events of the log with the same `seq` and in the same order. Within one connection, `seq`
    never decreases and has no gaps."""
    for observer in history.observers.values():
        if observer.arrivals != sorted(observer.arrivals):
            yield f"{observer.name} recorded its events out of order"
        for room, events in observer.events.items():
            yield from _out_of_order(observer, room, events)
            yield from _unlike_the_log(observer, room, events, state)


def _out_of_order(observer: Observer, room: str, events: list[SeenEvent]) -> Iterator[str]:
    highest, before, connection = 0, 0, 0
    for number, seq, *_ in events:
        is_replay = any(number == one and seq == after + 1 for one, after in observer.replays[room])
        if observer.may_miss_events:
            if seq <= highest:
                yield f"{observer.name} saw {seq} after {highest} in {room}"
        elif number == connection and seq != before + 1 and not is_replay:
            yield f"{observer.name} saw {seq} after {before} in {room}, in one connection"
        elif highest and seq > highest + 1:
            yield f"{observer.name} saw {seq} after {highest} in {room}"
        highest, before, connection = max(highest, seq), seq, number


def _unlike_the_log(observer: Observer, room: str, events: list[SeenEvent], state: FinalState) -> Iterator[str]:
    log = state.logs.get(room, [])
    for _, seq, event, id, _ in events:
        if not 1 <= seq <= len(log) or log[seq - 1] != (seq, event, id):
            yield f"{observer.name} saw {event} {id} as {seq} in {room}, but the log has another event there"


def unique(history: History, state: FinalState) -> Iterator[str]:
    """Each `client_message_id` has one message, each event has one `seq`, and no connection gets an event twice."""
    sent = Counter((row.sender, row.client_message_id) for row in state.messages if row.client_message_id)
    for (_, client_message_id), times in sent.items():
        if times > 1:
            yield f"client_message_id {client_message_id} made {times} messages"
    for client_message_id, acks in history.acks.items():
        if len({(ack["id"], ack["seq"]) for ack in acks}) > 1:
            yield f"client_message_id {client_message_id} was acknowledged with different messages"
    for observer in history.observers.values():
        for room, events in observer.events.items():
            yield from _twice(observer, room, events)


def _twice(observer: Observer, room: str, events: list[SeenEvent]) -> Iterator[str]:
    seqs: dict[tuple[str, str], int] = {}
    within: set[tuple[int, int]] = set()
    asked = {number for number, _ in observer.replays[room]}
    for number, seq, event, id, _ in events:
        if event in {NEW, "notification"} and id is not None and seqs.setdefault((event, id), seq) != seq:
            yield f"{observer.name} saw {event} {id} under two sequence numbers in {room}"
        if (number, seq) in within and number not in asked:
            yield f"{observer.name} saw {seq} twice in {room}, in one connection"
        within.add((number, seq))


def counted(history: History, state: FinalState) -> Iterator[str]:
    """Unread counts and last messages are equal to a recount of the messages."""
    by_conversation = defaultdict(list)
    for row in state.messages:
        by_conversation[row.conversation].append(row)
    for one in state.participants:
        rows = by_conversation[one.conversation]
        unread = sum(row.seq > one.last_read_seq and row.sender != one.user and not row.is_deleted for row in rows)
        if unread != one.unread_count:
            yield f"{one.user} has {unread} unread in {one.conversation}, but {one.unread_count} are stored"
        listed = state.listed.get((one.user, one.conversation))
        last = max(rows, key=lambda row: row.seq).id if rows else None
        if listed is not None and listed != (last, unread):
            yield f"REST lists {listed} for {one.user} in {one.conversation}, not {(last, unread)}"


def private(history: History, state: FinalState) -> Iterator[str]:
    """Only participants see events of a conversation, and only until they are removed."""
    participants = {(one.user, one.conversation) for one in state.participants}
    gone = {
        (record["user"], record["room"].removeprefix("conversation_")): record["t"] + record["bound"]
        for record in history.removals
    }
    for observer in history.observers.values():
        for event, conversation, at in observer.about:
            if (observer.user, conversation) not in participants:
                yield f"{observer.name} saw {event} of {conversation}, but is not a participant"
            elif at > gone.get((observer.user, conversation), float("inf")):
                yield f"{observer.name} saw {event} of {conversation} after its user was removed"


def authenticated(history: History, state: FinalState) -> Iterator[str]:
    """The server sends no events and handles no commands before it has accepted a token."""
    for observer in history.observers.values():
        if observer.early:
            yield f"{observer.name} was sent {observer.early} events before its CONNECT was accepted"
    for record in history.attacks:
        if record["events"] or record["handled"]:
            yield f"{record['what']}: {record['events']} events sent, {record['handled']} commands handled"
        if not record["closed"]:
            yield f"{record['what']}: the connection stayed open"


def revoked(history: History, state: FinalState) -> Iterator[str]:
    """After the end of a login session, its clients receive events only until the bound."""
    until = {name: record["t"] + record["bound"] for record in history.revocations for name in record["clients"]}
    for name, last in until.items():
        late = sum(at > last for at in history.observers[name].times)
        if late:
            yield f"{name} was sent {late} events after its login session had ended"


def accepted(history: History, state: FinalState) -> Iterator[str]:
    """No valid message is refused, except the messages of removed users."""
    gone = {(record["user"], record["room"]) for record in history.removals}
    for record in history.refusals:
        if (record["user"], record["room"]) in gone:
            continue
        yield f"{record['client_message_id']} was refused: {record['error']}"


def recovered(history: History, state: FinalState) -> Iterator[str]:
    """Every reconnect is recovered, and the server disconnects no client for good."""
    revoked = {name for record in history.revocations for name in record["clients"]}
    for observer in history.observers.values():
        if observer.unrecovered or observer.resets:
            yield f"{observer.name} reconnected {observer.reconnects} times, {observer.unrecovered} without recovery"
        if observer.ended and observer.name not in revoked:
            yield f"{observer.name} was disconnected for good: {observer.ended}"


def leak_free(history: History, state: FinalState) -> Iterator[str]:
    """After many connections, a process holds no more resources than before."""
    for process, usages in history.usages.items():
        before, after = usages[0], usages[-1]
        for what in ("fds", "sockets", "rooms", "tasks"):
            if after[what] > before[what] + GROWTH[what]:
                yield f"{process} went from {before[what]} to {after[what]} {what}"
        if after["rss"] > before["rss"] * 1.10:
            yield f"{process} went from {before['rss'] >> 20} to {after['rss'] >> 20} MiB"


def _observers_to_the_end(history: History) -> list[Observer]:
    revoked = {name for record in history.revocations for name in record["clients"]}
    observers = history.observers.values()
    return [one for one in observers if one.name not in revoked and not one.stopped and not one.may_miss_events]


def _spans(observer: Observer, state: FinalState) -> Iterator[tuple[str, int, int]]:
    """Yield each room of an observer, with the first and the last `seq` that the observer must have seen."""
    for room, joined_at in observer.starts.items():
        first = min([joined_at + 1, *(seq for _, seq, *_ in observer.events.get(room, ()))])
        yield room, first, state.last_seqs.get(room, 0)


PROPERTIES = (
    durable, gapless, delivered, ordered, unique, counted, private, authenticated, revoked, accepted, recovered,
    leak_free,
)  # fmt: skip
