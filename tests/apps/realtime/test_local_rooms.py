"""Ordered delivery in one process: each socket receives each event once, in one order, even if the bus fails."""

import asyncio
import random
import threading
import uuid

import pytest
from django.db import OperationalError
from prometheus_client import REGISTRY

from foundation.database.executor import in_database
from foundation.errors import Unavailable
from foundation.json import from_json
from realtime import LoggedEvent, event_log, publish
from realtime.local_rooms import LocalRooms
from realtime.membership import LocalSocket
from tests.apps.realtime.samples import NOTE, note
from tests.harness.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


class SilentBus:
    """A bus that records the joined groups and delivers nothing."""

    def __init__(self) -> None:
        self.groups: set[str] = set()

    async def join(self, group: str) -> None:
        self.groups.add(group)

    async def leave(self, group: str) -> None:
        self.groups.discard(group)


class Wire:
    """Records what is sent to the sockets of a process."""

    def __init__(self) -> None:
        self.sent: dict[str, list[str]] = {}
        self.cut: list[LocalSocket] = []

    def send(self, eio_sid: str, frame: str) -> None:
        self.sent.setdefault(eio_sid, []).append(frame)

    def packets(self, socket: LocalSocket) -> list[list]:
        return [from_json(frame.removeprefix("42")) for frame in self.sent.get(socket.eio_sid, [])]

    def seqs(self, socket: LocalSocket) -> list[int]:
        return [packet[1]["seq"] for packet in self.packets(socket)]


@pytest.fixture
def bus() -> SilentBus:
    return SilentBus()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def rooms(bus, wire) -> LocalRooms:
    return LocalRooms(
        bus, send=wire.send, close_transport=wire.cut.append, is_connected=lambda one: one not in wire.cut
    )


def socket() -> LocalSocket:
    name = uuid.uuid4().hex
    return LocalSocket(name, name, uuid.uuid4())


async def write(count: int, room: str = "room") -> None:
    for number in range(count):
        await in_database(publish, room, NOTE, note(str(number)))


def rows(room: str, *seqs: int) -> list[tuple[int, str, str]]:
    return [(one.seq, one.event, one.data) for one in event_log.read(room, after=0) if one.seq in seqs]


async def test_next_events_are_delivered_old_ones_dropped_and_gaps_filled_from_the_log(rooms, wire):
    one = socket()
    await rooms.join(one, "room", after=None)
    await write(5)
    hints = await in_database(rows, "room", 1, 2, 4, 5)
    rooms.handle_hint("room", hints[:1])
    rooms.handle_hint("room", hints[:1])
    rooms.handle_hint("room", hints[:2])
    assert wire.seqs(one) == [1, 2]
    rooms.handle_hint("room", hints[3:])
    rooms.handle_hint("room", hints[2:3])
    await eventually(lambda: len(wire.seqs(one)) == 5)
    assert wire.seqs(one) == [1, 2, 3, 4, 5]


async def test_an_early_event_waits_for_its_predecessors_without_a_query(rooms, wire, monkeypatch):
    monkeypatch.setattr("realtime.local_rooms.GAP_TIMEOUT", 3600)
    one = socket()
    await rooms.join(one, "room", after=None)
    await write(5)
    hints = await in_database(rows, "room", 1, 2, 3, 4, 5)
    for number in (2, 4, 2, 1):
        rooms.handle_hint("room", hints[number - 1 : number])
    assert wire.seqs(one) == [1, 2]
    rooms.handle_hint("room", hints[2:])
    assert wire.seqs(one) == [1, 2, 3, 4, 5]


async def test_several_gaps_are_filled(rooms, wire):
    one = socket()
    await rooms.join(one, "room", after=None)
    await write(4)
    hints = await in_database(rows, "room", 1, 2, 4)
    rooms.handle_hint("room", hints[1:2])
    rooms.handle_hint("room", hints[:1])
    rooms.handle_hint("room", hints[2:])
    assert wire.seqs(one) == [1, 2]
    await eventually(lambda: wire.seqs(one) == [1, 2, 3, 4])


async def test_the_number_of_early_events_is_bounded(rooms, wire, monkeypatch):
    monkeypatch.setattr("realtime.local_rooms.GAP_TIMEOUT", 3600)
    monkeypatch.setattr("realtime.local_rooms.MAX_REORDERED", 2)
    one = socket()
    await rooms.join(one, "room", after=None)
    await write(4)
    rooms.handle_hint("room", await in_database(rows, "room", 2, 3, 4))
    await eventually(lambda: wire.seqs(one) == [1, 2, 3, 4])


async def test_without_any_hint_the_sweep_delivers(rooms, wire):
    one, two = socket(), socket()
    await rooms.join(one, "room", after=None)
    await rooms.join(two, "other", after=None)
    await write(3)
    await write(2, "other")
    await rooms.sweep()
    await eventually(lambda: wire.seqs(one) == [1, 2, 3] and wire.seqs(two) == [1, 2])


async def test_a_join_replays_missed_events_before_live_ones(rooms, wire):
    await write(4)
    late = socket()
    joined = await rooms.join(late, "room", after=1)
    assert (joined.seq, joined.reset) == (4, False)
    await write(1)
    await rooms.sweep()
    await eventually(lambda: wire.seqs(late) == [2, 3, 4, 5])


async def test_a_socket_without_offsets_receives_the_payload_alone(rooms, wire):
    """In live events and in replays, also beside a socket with offsets."""
    await write(2)
    name = uuid.uuid4().hex
    plain, other = LocalSocket(name, name, uuid.uuid4(), has_offsets=False), socket()
    for one in (plain, other):
        await rooms.join(one, "room", after=0)
        await rooms.join(one, "other", after=0)
    await write(1)
    await write(1, "other")
    await rooms.sweep()
    await eventually(lambda: len(wire.packets(plain)) == len(wire.packets(other)) == 4)
    assert {len(packet) for packet in wire.packets(plain)} == {2}
    assert {len(packet) for packet in wire.packets(other)} == {3}
    assert [packet[:2] for packet in wire.packets(plain)] == [packet[:2] for packet in wire.packets(other)]
    assert plain.sent == {}


async def test_each_event_is_counted_for_each_socket_it_is_sent_to(rooms, wire):
    before = REGISTRY.get_sample_value("stoory_events_delivered_total")
    await write(2)
    one, late = socket(), socket()
    await rooms.join(one, "room", after=None)
    await rooms.join(late, "room", after=0)
    await write(3)
    await rooms.sweep()
    await eventually(lambda: wire.seqs(one) == [3, 4, 5] and wire.seqs(late) == [1, 2, 3, 4, 5])
    assert REGISTRY.get_sample_value("stoory_events_delivered_total") == before + 8


async def test_a_join_without_a_complete_replay_is_a_reset_and_receives_live_events(rooms, wire):
    await write(2)
    one = socket()
    assert (await rooms.join(one, "room", after=9)).reset
    assert wire.seqs(one) == []
    await write(1)
    await rooms.sweep()
    await eventually(lambda: wire.seqs(one) == [3])


async def test_a_join_that_reads_ahead_delivers_to_members_first(rooms, wire):
    early, late = socket(), socket()
    await rooms.join(early, "room", after=None)
    await write(3)
    await rooms.join(late, "room", after=0)
    assert wire.seqs(early) == wire.seqs(late) == [1, 2, 3]


@pytest.mark.parametrize(("after", "missed"), [(0, [1, 2, 3]), (2, [3])], ids=["behind", "from a process ahead"])
async def test_a_new_member_receives_early_events_in_order(rooms, wire, after, missed):
    there, late = socket(), socket()
    await rooms.join(there, "room", after=None)
    await write(2)
    third = (3, NOTE.name, '{"seq":3,"text":"committed after the log was read, and told before the second"}')
    await rooms.join(late, "room", after=after, check_rights=lambda: rooms.handle_hint("room", [third]))
    assert (wire.seqs(there), wire.seqs(late)) == ([1, 2, 3], missed)


async def test_a_closed_room_waits_for_no_events(rooms, monkeypatch):
    monkeypatch.setattr("realtime.local_rooms.GAP_TIMEOUT", 0.01)
    one = socket()
    await rooms.join(one, "room", after=None)
    room = rooms.open["room"]
    rooms.handle_hint("room", [(2, NOTE.name, '{"seq":2,"text":"its first was rolled back with its process"}')])
    rooms.leave(one, "room")
    await eventually(lambda: not rooms.open)
    await eventually(lambda: room.awaited_seq is None)
    assert not room.reorder_buffer


async def test_the_group_is_joined_only_while_there_is_a_member(rooms, bus):
    one, two = socket(), socket()
    await rooms.join(one, "room", after=None)
    await rooms.join(two, "room", after=None)
    rooms.leave(one, "room")
    await asyncio.sleep(0.05)
    assert bus.groups == {"room"}
    rooms.leave_all(two)
    await eventually(lambda: not bus.groups and not rooms.open)


async def test_leaving_and_joining_concurrently_ends_joined(rooms, bus, wire):
    one, two = socket(), socket()
    await rooms.join(one, "room", after=None)
    rooms.leave(one, "room")
    await rooms.join(two, "room", after=None)
    await asyncio.sleep(0.05)
    assert bus.groups == {"room"}
    await write(1)
    await rooms.sweep()
    await eventually(lambda: wire.seqs(two) == [1])
    assert wire.seqs(one) == []


async def test_a_refused_join_makes_no_member(rooms, bus, wire):
    one = socket()

    async def refuse(position: int, request: event_log.ReplayRequest | None) -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        await rooms.join(one, "room", after=None, admit=refuse)
    await eventually(lambda: not rooms.open)
    assert one.rooms == {}


async def test_offsets_contain_the_position_in_every_room(rooms, wire):
    one, alone = socket(), socket()
    for room in ("left", "right"):
        await rooms.join(one, room, after=None)
    await rooms.join(alone, "left", after=None)
    await write(1, "left")
    await rooms.sweep()
    await eventually(lambda: len(wire.seqs(one)) == 1)
    await write(1, "right")
    await rooms.sweep()
    await eventually(lambda: len(wire.seqs(one)) == 2)
    left, right = (rooms.open[name].key for name in ("left", "right"))
    assert [packet[2] for packet in wire.packets(one)] == [f"{left}:1", f"{left}:1.{right}:1"]
    assert [packet[2] for packet in wire.packets(alone)] == [f"{left}:1"]


async def test_a_recovery_is_complete_or_none(rooms, wire):
    await write(3, "left")
    await write(3, "right")
    back = socket()
    assert not await rooms.rejoin(back, {"left": 1, "right": 9})
    assert back.rooms == {}
    assert wire.seqs(back) == []
    assert await rooms.rejoin(back, {"left": 1, "right": 2})
    assert wire.seqs(back) == [2, 3, 3]


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """Record the rooms whose event logs are read."""
    names: list[str] = []
    real = event_log.read

    def reading(name: str, **options: int) -> list[LoggedEvent]:
        names.append(name)
        return real(name, **options)

    monkeypatch.setattr(event_log, "read", reading)
    return names


async def test_simultaneous_recoveries_share_reads_of_the_log(rooms, wire, read, monkeypatch):
    await write(3, "left")
    await write(3, "right")
    real, taken, all_here = event_log.replay, [], threading.Event()

    def replay(wishes: list[event_log.ReplayRequest]) -> list[list[LoggedEvent] | None]:
        taken.append(len(wishes))
        assert all_here.wait(60)
        return real(wishes)

    monkeypatch.setattr(rooms._replays, "_work", replay)
    crowd = [socket() for _ in range(20)]
    back = [rooms.rejoin(one, {"left": number % 3, "right": 3 - number % 2}) for number, one in enumerate(crowd)]
    returning = asyncio.gather(*back)
    await eventually(lambda: sum(taken) + len(rooms._replays._waiting) == 2 * len(crowd))
    all_here.set()
    assert all(await returning)
    for number, one in enumerate(crowd):
        left, right = range(number % 3 + 1, 4), range(4 - number % 2, 4)
        assert wire.seqs(one) == [*left, *right]
    # One read for the first client and one for all others together.
    assert max(read.count("left"), read.count("right")) <= 2


async def test_events_delivered_during_a_recovery_come_from_memory(rooms, wire, read, monkeypatch):
    await write(2)
    staying, back = socket(), socket()
    await rooms.join(staying, "room", after=None)
    real = event_log.replay

    def replay(wishes: list[event_log.ReplayRequest]) -> list[list[LoggedEvent] | None]:
        found = real(wishes)
        asyncio.run_coroutine_threadsafe(offered(), loop).result()
        return found

    async def offered() -> None:
        rooms.handle_hint("room", rows_of_three)

    loop, rows_of_three = asyncio.get_running_loop(), [(3, "note", '{"seq":3}')]
    monkeypatch.setattr(rooms._replays, "_work", replay)
    assert await rooms.rejoin(back, {"room": 1})
    assert (wire.seqs(staying), wire.seqs(back)) == ([3], [2, 3])
    assert read == ["room"]
    assert not rooms.open["room"].recent


async def test_a_departed_client_is_not_added_again(rooms, wire, bus, read):
    await write(2)
    gone = socket()
    wire.cut.append(gone)
    with pytest.raises(Unavailable):
        await rooms.rejoin(gone, {"room": 1})
    assert (wire.seqs(gone), gone.rooms, read) == ([], {}, [])
    await eventually(lambda: not rooms.open and not bus.groups)


async def test_a_gap_in_the_events_during_a_recovery_fails_it(rooms, wire, monkeypatch):
    await write(2)
    await rooms.join(socket(), "room", after=None)
    real = event_log.replay

    def replay(wishes: list[event_log.ReplayRequest]) -> list[list[LoggedEvent] | None]:
        found = real(wishes)
        rooms.open["room"].position = 4
        return found

    monkeypatch.setattr(rooms._replays, "_work", replay)
    with pytest.raises(Unavailable):
        await rooms.rejoin(socket(), {"room": 1})


async def test_offsets_contain_every_room_after_a_recovery(rooms, wire):
    await write(2, "left")
    await write(1, "right")
    back = socket()
    assert await rooms.rejoin(back, {"left": 1, "right": 1})
    left, right = (rooms.open[name].key for name in ("left", "right"))
    assert [packet[2] for packet in wire.packets(back)] == [f"{right}:1.{left}:2"]


async def test_an_admitted_client_receives_the_position_and_the_replay(rooms, wire):
    await write(2)
    asked: list[tuple[int, event_log.ReplayRequest | None]] = []

    async def admit(position: int, request: event_log.ReplayRequest | None) -> event_log.Replayed:
        asked.append((position, request))
        return await in_database(event_log.read, "room", after=request.start) if request else None

    one, two = socket(), socket()
    assert not (await rooms.join(one, "room", after=None, admit=admit)).reset
    assert not (await rooms.join(two, "room", after=1, admit=admit)).reset
    assert asked == [(2, None), (2, event_log.ReplayRequest("room", 1, 1))]
    assert (wire.seqs(one), wire.seqs(two)) == ([], [2])


async def test_a_failed_recovery_keeps_no_room_open(rooms, bus, monkeypatch):
    real = event_log.heads

    def away(names: list[str]) -> dict[str, event_log.LogHead]:
        if "right" in names:
            raise OperationalError
        return real(names)

    monkeypatch.setattr(event_log, "heads", away)
    with pytest.raises(OperationalError):
        await rooms.rejoin(socket(), {"left": 0, "right": 0})
    await eventually(lambda: not rooms.open and not bus.groups)


async def test_events_deleted_before_delivery_disconnect_their_readers(rooms, wire):
    one = socket()
    await rooms.join(one, "room", after=None)
    await write(4)

    def trim() -> None:
        event_log.RoomEvent.objects.filter(seq__lte=2).delete()

    await in_database(trim)
    await rooms.sweep()
    await eventually(lambda: wire.cut == [one])


@pytest.mark.parametrize("seed", range(5))
async def test_hints_joins_and_sweeps_in_any_order_deliver_one_order(rooms, wire, seed):
    chance = random.Random(seed)
    sockets = [socket() for _ in range(4)]
    joined: dict[str, int] = {}
    total = 0
    for one in sockets:
        await write(chance.randint(0, 4))
        total = (await in_database(event_log.heads, ["room"]))["room"].seq
        after = chance.choice([None, chance.randint(0, total)])
        answer = await rooms.join(one, "room", after=after)
        joined[one.sid] = answer.seq if after is None else after
        hints = await in_database(rows, "room", *range(1, total + 1))
        chance.shuffle(hints)
        for hint in hints[: chance.randint(0, len(hints))]:
            rooms.handle_hint("room", [hint])
    await rooms.sweep()
    for one in sockets:
        expected = list(range(joined[one.sid] + 1, total + 1))
        await eventually(lambda one=one, expected=expected: wire.seqs(one) == expected)
