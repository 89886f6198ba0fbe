"""The judge: pure functions from a history, and from what the database holds at the end, to findings.

Each property has one function; `judge` asks them all. Nothing here knows what was done to the system.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from faults.state import State
from faults.story import Observer, Seen, Story

NEW = "new_message"
GROWTH = {"fds": 4, "sockets": 0, "rooms": 0, "tasks": 4}
"""Beside what was churned, database connections and timers come and go."""


@dataclass(frozen=True)
class Finding:
    """A property that does not hold, and what shows it."""

    property: str
    what: str


def judge(story: Story, state: State) -> list[Finding]:
    return [Finding(check.__name__, what) for check in PROPERTIES for what in check(story, state)]


# --- The properties ---


def durable(story: Story, state: State) -> Iterator[str]:
    """What was acknowledged is in the database, in the place that the acknowledgement named."""
    rows = {row.id: row for row in state.messages}
    for client_message_id, acks in story.acks.items():
        row = rows.get(acks[0]["id"])
        if row is None:
            yield f"acknowledged message {acks[0]['id']} is not in the database"
        elif (row.seq, row.client_message_id) != (acks[0]["seq"], client_message_id):
            yield f"message {row.id} is stored at {row.seq}, acknowledged at {acks[0]['seq']}"


def logged(story: Story, state: State) -> Iterator[str]:
    """Each room's log is 1, 2, 3 … up to its end, and each message has its event there once."""
    for room, events in state.logs.items():
        if [seq for seq, _, _ in events] != list(range(1, len(events) + 1)) or state.ends[room] != len(events):
            yield f"the log of {room} is not dense up to {state.ends[room]}"
    logged = {(room, seq, id) for room, events in state.logs.items() for seq, event, id in events if event == NEW}
    stored = {(f"conversation_{row.conversation}", row.seq, row.id) for row in state.messages}
    for room, seq, id in logged ^ stored:
        yield f"message {id} and the log of {room} at {seq} do not agree"


def delivered(story: Story, state: State) -> Iterator[str]:
    """Whoever is in a room has seen everything from the join to the room's end, or to being taken out."""
    for observer in _staying(story):
        gone = {record["room"] for record in story.removals if record["user"] == observer.user}
        for room, first, last in _stretches(observer, state):
            missing = set(range(first, last + 1)) - {seq for _, seq, *_ in observer.events.get(room, ())}
            if missing and room not in gone:
                yield f"{observer.name} missed {len(missing)} of {last - first + 1} in {room}, first {min(missing)}"


def ordered(story: Story, state: State) -> Iterator[str]:
    """Everybody sees the one order of the log: the same events under the same numbers, each at first sight in the
    order of the numbers, and without a step back or a hole inside of one connection."""
    for observer in story.observers.values():
        if observer.arrivals != sorted(observer.arrivals):
            yield f"{observer.name} wrote its arrivals down out of order"
        for room, events in observer.events.items():
            yield from _out_of_order(observer, room, events)
            yield from _unlike_the_log(observer, room, events, state)


def _out_of_order(observer: Observer, room: str, events: list[Seen]) -> Iterator[str]:
    highest, before, connection = 0, 0, 0
    for number, seq, *_ in events:
        is_replay = any(number == one and seq == after + 1 for one, after in observer.replays[room])
        if observer.wanders:
            if seq <= highest:
                yield f"{observer.name} saw {seq} after {highest} in {room}"
        elif number == connection and seq != before + 1 and not is_replay:
            yield f"{observer.name} saw {seq} after {before} in {room}, in one connection"
        elif highest and seq > highest + 1:
            yield f"{observer.name} saw {seq} after {highest} in {room}"
        highest, before, connection = max(highest, seq), seq, number


def _unlike_the_log(observer: Observer, room: str, events: list[Seen], state: State) -> Iterator[str]:
    log = state.logs.get(room, [])
    for _, seq, event, id, _ in events:
        if not 1 <= seq <= len(log) or log[seq - 1] != (seq, event, id):
            yield f"{observer.name} saw {event} {id} as {seq} in {room}, which the log does not have there"


def unique(story: Story, state: State) -> Iterator[str]:
    """One message for one `client_message_id`; one number for one event; nothing twice in one connection."""
    sent = Counter((row.sender, row.client_message_id) for row in state.messages if row.client_message_id)
    for (_, client_message_id), times in sent.items():
        if times > 1:
            yield f"client_message_id {client_message_id} made {times} messages"
    for client_message_id, acks in story.acks.items():
        if len({(ack["id"], ack["seq"]) for ack in acks}) > 1:
            yield f"client_message_id {client_message_id} was answered with different messages"
    for observer in story.observers.values():
        for room, events in observer.events.items():
            yield from _twice(observer, room, events)


def _twice(observer: Observer, room: str, events: list[Seen]) -> Iterator[str]:
    places: dict[tuple[str, str], int] = {}
    within: set[tuple[int, int]] = set()
    asked = {number for number, _ in observer.replays[room]}
    for number, seq, event, id, _ in events:
        if event in {NEW, "notification"} and id is not None and places.setdefault((event, id), seq) != seq:
            yield f"{observer.name} saw {event} {id} under two numbers in {room}"
        if (number, seq) in within and number not in asked:
            yield f"{observer.name} saw {seq} twice in {room}, in one connection"
        within.add((number, seq))


def counted(story: Story, state: State) -> Iterator[str]:
    """Unread counts and last messages are what a recount from the messages says."""
    by_conversation = defaultdict(list)
    for row in state.messages:
        by_conversation[row.conversation].append(row)
    for place in state.places:
        rows = by_conversation[place.conversation]
        unread = sum(row.seq > place.last_read_seq and row.sender != place.user and not row.is_deleted for row in rows)
        if unread != place.unread_count:
            yield f"{place.user} has {unread} unread in {place.conversation}, stored are {place.unread_count}"
        shown = state.shown.get((place.user, place.conversation))
        last = max(rows, key=lambda row: row.seq).id if rows else None
        if shown is not None and shown != (last, unread):
            yield f"{place.user} is shown {shown} of {place.conversation}, not {(last, unread)}"


def private(story: Story, state: State) -> Iterator[str]:
    """Nothing of a conversation comes to who does not take part in it, or not any more."""
    places = {(place.user, place.conversation) for place in state.places}
    gone = {
        (record["user"], record["room"].removeprefix("conversation_")): record["t"] + record["bound"]
        for record in story.removals
    }
    for observer in story.observers.values():
        for event, conversation, at in observer.about:
            if (observer.user, conversation) not in places:
                yield f"{observer.name} saw {event} of {conversation}, which is foreign to it"
            elif at > gone.get((observer.user, conversation), float("inf")):
                yield f"{observer.name} saw {event} of {conversation} after it was taken out"


def authenticated(story: Story, state: State) -> Iterator[str]:
    """Nothing is sent or done before a token was accepted."""
    for observer in story.observers.values():
        if observer.early:
            yield f"{observer.name} was sent {observer.early} events before it was let in"
    for record in story.strangers:
        if record["events"] or record["handled"]:
            yield f"{record['what']}: {record['events']} events, {record['handled']} commands handled"
        if not record["closed"]:
            yield f"{record['what']}: the connection stayed open"


def revoked(story: Story, state: State) -> Iterator[str]:
    """Nothing comes to a client after its login session ended, beyond the bound."""
    until = {name: record["t"] + record["bound"] for record in story.revocations for name in record["clients"]}
    for name, last in until.items():
        late = sum(at > last for at in story.observers[name].times)
        if late:
            yield f"{name} was sent {late} events after its session had ended"


def answered(story: Story, state: State) -> Iterator[str]:
    """No valid message is refused for good, but for those of who was taken out."""
    gone = {(record["user"], record["room"]) for record in story.removals}
    for record in story.refusals:
        if (record["user"], record["room"]) in gone:
            continue
        yield f"{record['client_message_id']} was refused: {record['error']}"


def restored(story: Story, state: State) -> Iterator[str]:
    """Who comes back is put back into its rooms without asking; nobody is sent away for good."""
    revoked = {name for record in story.revocations for name in record["clients"]}
    for observer in story.observers.values():
        if observer.unrecovered or observer.resets:
            yield f"{observer.name} came back {observer.returns} times, {observer.unrecovered} times unrecovered"
        if observer.ended and observer.name not in revoked:
            yield f"{observer.name} was sent away: {observer.ended}"


def steady(story: Story, state: State) -> Iterator[str]:
    """A process that was churned is afterwards what it was before."""
    for process, sizes in story.sizes.items():
        before, after = sizes[0], sizes[-1]
        for what in ("fds", "sockets", "rooms", "tasks"):
            if after[what] > before[what] + GROWTH[what]:
                yield f"{process} went from {before[what]} to {after[what]} {what}"
        if after["rss"] > before["rss"] * 1.10:
            yield f"{process} went from {before['rss'] >> 20} to {after['rss'] >> 20} MiB"


def _staying(story: Story) -> list[Observer]:
    revoked = {name for record in story.revocations for name in record["clients"]}
    observers = story.observers.values()
    return [one for one in observers if one.name not in revoked and not one.stopped and not one.wanders]


def _stretches(observer: Observer, state: State) -> Iterator[tuple[str, int, int]]:
    """The rooms that an observer is in, with the first and the last number that it has to have seen."""
    for room, joined_at in observer.starts.items():
        first = min([joined_at + 1, *(seq for _, seq, *_ in observer.events.get(room, ()))])
        yield room, first, state.ends.get(room, 0)


PROPERTIES = (
    durable, logged, delivered, ordered, unique, counted, private, authenticated, revoked, answered, restored, steady,
)  # fmt: skip
