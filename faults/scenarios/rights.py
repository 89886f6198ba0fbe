"""Rights that end while events flow, with and without the bus."""

import asyncio

from faults.api import Person
from faults.clients import SocketClient
from faults.operator import Operator
from faults.people import People
from faults.scenario import Play, scenario
from faults.waiting import until

BOUNDS = {True: 1.0, False: 6.0}
"""Seconds, with the bus and without."""


@scenario("ended-sessions", "people log out while events flow to them, with the bus and without")
async def ended_sessions(play: Play) -> None:
    async with play.traffic_flowing() as traffic:
        for bus_is_up in (True, False):
            if not bus_is_up:
                play.fault("kill redis")
                await play.stage.redis.kill()
            slowest = 0.0
            for number, person in enumerate(play.people.everybody[: 3 if play.quick else 8]):
                slowest = max(slowest, await _log_out(play, person, number, BOUNDS[bus_is_up]))
            where = "with the bus" if bus_is_up else "without the bus"
            play.figure(f"sockets gone after logging out, {where}", round(slowest, 2), "s", most=BOUNDS[bus_is_up])
        await play.stage.redis.start()
        await traffic.after(0.1)


async def _log_out(play: Play, person: Person, number: int, bound: float) -> float:
    """Seconds until the last of the sockets of a login session of its own was told to go."""
    session = await play.api.log_in(play.stage.seats[number % len(play.stage.seats)].url, person)
    doors = range(len(play.stage.seats))
    prefix = f"leaving-{number}-{bound:g}"
    options = {"conversations": tuple(person.conversations)}
    clients = [play.client(f"{prefix}-{door}", session, door, **options) for door in doors]
    await asyncio.gather(*(client.start() for client in clients))
    await play.pause(0.1, 0.5)
    await play.api.call(play.stage.seats[0].url, "POST", "/api/auth/logout", json={"refresh": session.refresh})
    play.history.record("revoked", clients=[client.name for client in clients], bound=bound)
    return await until(lambda: all(client.ended_by for client in clients), timeout=15)


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
            bound = BOUNDS[number < times]
            play.history.add(
                {"kind": "removed", "t": at, "user": leaver.id, "room": f"conversation_{conversation}", "bound": bound}
            )
            leaver.conversations.remove(conversation)
            traffic.people.pairs[conversation] = (people.pairs[conversation][0],) * 2
            await asyncio.sleep(bound)
            await _stays_out(play, traffic.observers, leaver, conversation)
        await play.stage.redis.start()
    await operator.stop()


async def _leavers(play: Play, number: int) -> People:
    """Newcomers, each with a conversation of their own that they are going to be taken out of."""
    url = play.stage.seats[0].url
    staying = play.people.everybody[:number]
    pairs = {}
    leavers = await asyncio.gather(*(play.api.register(url, "influencer") for _ in range(number)))
    hosts = [Person(one.id, one.email, one.access, one.refresh) for one in staying]
    for host, leaver in zip(hosts, leavers, strict=False):
        pairs[await play.api.open_direct(url, host, leaver)] = (host, leaver)
    return People([*hosts, *leavers], pairs)


async def _stays_out(play: Play, observers: list[SocketClient], leaver: Person, conversation: str) -> None:
    for client in observers:
        if client.person is leaver and client.is_connected:
            try:
                await client.call("join_conversation", {"conversationId": conversation})
            except Exception as refusal:
                if "not_found" in str(refusal):
                    continue
            play.findings.append(f"{client.name} was let in again")
