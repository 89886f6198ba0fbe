"""Ends of login sessions and removals from conversations while events are sent, with and without Redis."""

import asyncio
from collections.abc import Awaitable, Callable

from faults.clients.rest_client import NETWORK_ERRORS, ApiError
from faults.clients.socket_client import SocketClient
from faults.cluster.operator import Operator
from faults.people import People
from faults.scenario import Run, scenario
from faults.waiting import wait_until
from tests.harness.people import PASSWORD, Account

BOUNDS = {True: 1.0, False: 6.0}
"""The bound in seconds, with Redis (True) and without (False)."""

EndSession = Callable[[Run, Account, Operator], Awaitable[object]]


@scenario("ended-sessions", "users log out, change their password or are blocked, with and without Redis")
async def ended_sessions(run: Run) -> None:
    ways = {
        "logging out": _log_out,
        "logging out everywhere": _log_out_everywhere,
        "a password change": _change_password,
        "a block": _block,
    }
    ends = [(way, True) for way in ways]
    ends += [(way, False) for way in (["logging out"] if run.quick else ways)]
    people = await _leavers(run, len(ends))
    leavers = [leaver for _, leaver in people.pairs.values()]
    hosts = {conversation: host for conversation, (host, _) in people.pairs.items()}
    staying = People(list(dict.fromkeys(hosts.values())), {one: (host, host) for one, host in hosts.items()})
    operator = Operator(run.cluster.workers[-1])
    await operator.start()
    async with run.workload_running(people=staying):
        for (way, redis_is_up), leaver in zip(ends, leavers, strict=True):
            if not redis_is_up:
                await run.cluster.redis.kill()
            end = ways[way]
            bound = BOUNDS[redis_is_up]
            seconds = await _seconds_to_disconnect(
                run, people, leaver, run.scaled(bound), lambda person, end=end: end(run, person, operator)
            )
            where = "" if redis_is_up else ", without Redis"
            run.report(f"sockets disconnected after {way}{where}", round(seconds, 2), "s", maximum=bound)
        await run.cluster.redis.start()
    await operator.stop()


async def _seconds_to_disconnect(
    run: Run, people: People, person: Account, bound: float, end: Callable[[Account], Awaitable[object]]
) -> float:
    """Return the seconds from the end of a login session until the last of its sockets is disconnected."""
    nodes = range(len(run.cluster.nodes))
    options = {"conversations": people.of(person)}
    clients = [run.client(f"leaving-{person.id[-6:]}-{node}", person, node, **options) for node in nodes]
    await asyncio.gather(*(client.start() for client in clients))
    await run.pause(0.1, 0.5)
    await end(person)
    run.recorder.record("revoked", clients=[client.name for client in clients], bound=bound)
    return await wait_until(lambda: all(client.ended_by for client in clients), timeout=run.scaled(15))


async def _log_out(run: Run, person: Account, operator: Operator) -> None:
    await run.rest.call(run.cluster.nodes[0].url, "POST", "/api/auth/logout", json={"refresh": person.refresh})


async def _log_out_everywhere(run: Run, person: Account, operator: Operator) -> None:
    """Log out everywhere, from a login session that has no sockets."""
    url = run.cluster.nodes[0].url
    other = await run.rest.log_in(url, person)
    await run.rest.call(url, "POST", "/api/auth/logout", json={"refresh": other.refresh, "everywhere": True})


async def _change_password(run: Run, person: Account, operator: Operator) -> None:
    body = {"current_password": PASSWORD, "new_password": f"{PASSWORD}-changed"}
    await run.rest.call(run.cluster.nodes[0].url, "POST", "/api/auth/password", person=person, json=body)


async def _block(run: Run, person: Account, operator: Operator) -> None:
    await operator.block(person.id)


@scenario("removed-people", "users are removed from conversations, with and without Redis")
async def removed_people(run: Run) -> None:
    times = 2 if run.quick else 6
    people = await _leavers(run, 2 * times)
    operator = Operator(run.cluster.workers[-1])
    await operator.start()
    async with run.workload_running(people=people) as workload:
        for number, (conversation, (_, leaver)) in enumerate(people.pairs.items()):
            if number == times:
                run.log_fault("Redis is killed")
                await run.cluster.redis.kill()
            await workload.after((number + 1) / (2 * times + 2))
            at = await operator.remove(conversation, leaver.id)
            bound = run.scaled(BOUNDS[number < times])
            run.recorder.add(
                {"kind": "removed", "t": at, "user": leaver.id, "room": f"conversation_{conversation}", "bound": bound}
            )
            workload.people.pairs[conversation] = (people.pairs[conversation][0],) * 2
            await asyncio.sleep(bound)
            await _check_join_is_refused(run, workload.observers, leaver, conversation)
        await run.cluster.redis.start()
    await operator.stop()


async def _leavers(run: Run, number: int) -> People:
    """Create users who each have one conversation, from which the scenario removes them."""
    url = run.cluster.nodes[0].url
    staying = [run.people.accounts[one % len(run.people.accounts)] for one in range(number)]
    pairs = {}
    leavers = await asyncio.gather(*(run.rest.register(url, "influencer") for _ in range(number)))
    for host, leaver in zip(staying, leavers, strict=True):
        pairs[await run.rest.open_direct(url, host, leaver)] = (host, leaver)
    return People([*dict.fromkeys(staying), *leavers], pairs)


async def _check_join_is_refused(run: Run, observers: list[SocketClient], leaver: Account, conversation: str) -> None:
    for client in observers:
        if client.person is leaver and client.is_connected:
            try:
                await client.call("join_conversation", {"conversationId": conversation})
            except ApiError as refusal:
                if refusal.code != "not_found":
                    run.violations.append(f"the join of {client.name} failed with {refusal.code}, not with not_found")
            except NETWORK_ERRORS:
                continue
            else:
                run.violations.append(f"{client.name} could join again after the removal")
