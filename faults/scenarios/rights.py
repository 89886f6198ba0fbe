"""Rights that end while events flow, with and without the bus."""

import asyncio
from collections.abc import Awaitable, Callable

from faults.api import Refused
from faults.clients import SocketClient
from faults.operator import Operator
from faults.people import People
from faults.scenario import Play, scenario
from faults.traffic import PASSING
from faults.waiting import until
from tests.harness.people import PASSWORD, Account

BOUNDS = {True: 1.0, False: 6.0}
"""Seconds, with the bus and without."""

End = Callable[[Play, Account, Operator], Awaitable[object]]


@scenario(
    "ended-sessions", "people log out, change their password, are blocked while events flow; with and without bus"
)
async def ended_sessions(play: Play) -> None:
    ways = {
        "logging out": _log_out,
        "logging out everywhere": _log_out_everywhere,
        "another password": _change_password,
        "a block": _block,
    }
    ends = [(way, True) for way in ways]
    ends += [(way, False) for way in (["logging out"] if play.quick else ways)]
    people = await _leavers(play, len(ends))
    leavers = [leaver for _, leaver in people.pairs.values()]
    hosts = {conversation: host for conversation, (host, _) in people.pairs.items()}
    staying = People(list(dict.fromkeys(hosts.values())), {one: (host, host) for one, host in hosts.items()})
    operator = Operator(play.stage.workers[-1])
    await operator.start()
    async with play.traffic_flowing(people=staying):
        for (way, bus_is_up), leaver in zip(ends, leavers, strict=True):
            if not bus_is_up:
                await play.stage.redis.kill()
            end = ways[way]
            bound = BOUNDS[bus_is_up]
            seconds = await _gone(
                play, people, leaver, play.within(bound), lambda person, end=end: end(play, person, operator)
            )
            where = "" if bus_is_up else ", without the bus"
            play.figure(f"sockets gone after {way}{where}", round(seconds, 2), "s", most=bound)
        await play.stage.redis.start()
    await operator.stop()


async def _gone(
    play: Play, people: People, person: Account, bound: float, end: Callable[[Account], Awaitable[object]]
) -> float:
    """Seconds until the last socket of a login session was told to go, counted from its end."""
    doors = range(len(play.stage.seats))
    options = {"conversations": people.of(person)}
    clients = [play.client(f"leaving-{person.id[-6:]}-{door}", person, door, **options) for door in doors]
    await asyncio.gather(*(client.start() for client in clients))
    await play.pause(0.1, 0.5)
    await end(person)
    play.history.record("revoked", clients=[client.name for client in clients], bound=bound)
    return await until(lambda: all(client.ended_by for client in clients), timeout=play.within(15))


async def _log_out(play: Play, person: Account, operator: Operator) -> None:
    await play.api.call(play.stage.seats[0].url, "POST", "/api/auth/logout", json={"refresh": person.refresh})


async def _log_out_everywhere(play: Play, person: Account, operator: Operator) -> None:
    """From another login than the one whose sockets are looked at."""
    url = play.stage.seats[0].url
    other = await play.api.log_in(url, person)
    await play.api.call(url, "POST", "/api/auth/logout", json={"refresh": other.refresh, "everywhere": True})


async def _change_password(play: Play, person: Account, operator: Operator) -> None:
    body = {"current_password": PASSWORD, "new_password": f"{PASSWORD}-changed"}
    await play.api.call(play.stage.seats[0].url, "POST", "/api/auth/password", person=person, json=body)


async def _block(play: Play, person: Account, operator: Operator) -> None:
    await operator.block(person.id)


@scenario("removed-people", "people are taken out of conversations while events flow, with the bus and without")
async def removed_people(play: Play) -> None:
    times = 2 if play.quick else 6
    people = await _leavers(play, 2 * times)
    operator = Operator(play.stage.workers[-1])
    await operator.start()
    async with play.traffic_flowing(people=people) as traffic:
        for number, (conversation, (_, leaver)) in enumerate(people.pairs.items()):
            if number == times:
                play.fault("kill redis")
                await play.stage.redis.kill()
            await traffic.after((number + 1) / (2 * times + 2))
            at = await operator.remove(conversation, leaver.id)
            bound = play.within(BOUNDS[number < times])
            play.history.add(
                {"kind": "removed", "t": at, "user": leaver.id, "room": f"conversation_{conversation}", "bound": bound}
            )
            traffic.people.pairs[conversation] = (people.pairs[conversation][0],) * 2
            await asyncio.sleep(bound)
            await _stays_out(play, traffic.observers, leaver, conversation)
        await play.stage.redis.start()
    await operator.stop()


async def _leavers(play: Play, number: int) -> People:
    """Newcomers, each with a conversation of their own that they are going to be taken out of."""
    url = play.stage.seats[0].url
    staying = [play.people.everybody[one % len(play.people.everybody)] for one in range(number)]
    pairs = {}
    leavers = await asyncio.gather(*(play.api.register(url, "influencer") for _ in range(number)))
    for host, leaver in zip(staying, leavers, strict=True):
        pairs[await play.api.open_direct(url, host, leaver)] = (host, leaver)
    return People([*dict.fromkeys(staying), *leavers], pairs)


async def _stays_out(play: Play, observers: list[SocketClient], leaver: Account, conversation: str) -> None:
    for client in observers:
        if client.person is leaver and client.is_connected:
            try:
                await client.call("join_conversation", {"conversationId": conversation})
            except Refused as refusal:
                if refusal.code != "not_found":
                    play.findings.append(f"{client.name} was refused its old room with {refusal.code}")
            except PASSING:
                continue
            else:
                play.findings.append(f"{client.name} was let in again")
