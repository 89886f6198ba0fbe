"""The costs of a message, an action and a join do not exceed the table in docs/architecture.md."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from django.db import connection

from accounts.models import User
from deals.models import Offer
from foundation import clock
from foundation.database.executor import in_database, in_request
from foundation.ids import random_id
from foundation.rate_limits import LocalBucket
from messaging import socket_commands
from messaging.models import Message
from realtime import Caller, connections
from realtime.connections import Connection
from realtime.dispatcher import Dispatcher
from realtime.membership import LocalSocket
from realtime.pubsub import bus
from realtime.rate_limits import EVENTS
from realtime.recovery import SessionRecord
from realtime.socket_gateway import Gateway
from tests.contract.path_tracer import PathCost, traced
from tests.deals import Deal, make_deal
from tests.packages import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

TRIES = 8
COLUMNS = ("functions", "transactions", "savepoints", "round trips", "changes of thread")


def documented() -> dict[str, list[int]]:
    """Return the current numbers of the table, which follow the arrows, by command."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    section = text.partition("## What a message, an action and a join cost\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", section, re.MULTILINE)
    return {command: [int(cell.split("→")[-1]) for cell in cells.split("|")] for command, cells in rows}


@pytest_asyncio.fixture
async def gateway(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    """A running gateway without its periodic tasks, which stores no connections during the test."""
    monkeypatch.setattr(connections, "WRITE_EVERY", 3600)
    gateway = Gateway()
    monkeypatch.setattr(socket_commands, "gateway", gateway)
    await bus.start(gateway._receive)
    await asyncio.sleep(0)
    yield gateway
    await gateway._tasks.cancel()
    await bus.stop()


def connect(gateway: Gateway, user: User) -> str:
    sid = uuid.uuid4().hex
    session = SessionRecord(random_id(), user.pk, uuid.uuid4(), 0)
    socket, caller = LocalSocket(sid, sid, user.pk), Caller(sid, user.pk, user, uuid.uuid4())
    expires_at = clock.now() + timedelta(hours=1)
    gateway._connections.add(Connection(socket, caller, session, expires_at, LocalBucket(*EVENTS)))
    return sid


async def cost_of(gateway: Gateway, command: str, tries: list[tuple[User, dict[str, Any]]]) -> PathCost:
    """Return the cost of the cheapest try, because the first tries fill caches and prepare statements on each
    connection."""
    dispatcher, costs = Dispatcher(gateway._connections, gateway.sio), []
    for user, payload in tries:
        sid = connect(gateway, user)
        await asyncio.sleep(0.05)
        with traced() as cost:
            answer = await dispatcher.handle(command, sid, payload)
        assert answer["success"] is True, answer
        costs.append(cost)
    return min(costs, key=PathCost.numbers)


def check(command: str, cost: PathCost) -> None:
    measured = dict(zip(COLUMNS, cost.numbers(), strict=True))
    allowed = dict(zip(COLUMNS, documented()[command], strict=True))
    if connection.vendor != "postgresql":
        del measured["functions"], measured["round trips"]  # the table has the numbers for PostgreSQL
    grown = {name: (number, allowed[name]) for name, number in measured.items() if number > allowed[name]}
    assert grown == {}, f"{command} costs {measured}: {sorted(cost.functions)}"


def _deals() -> list[Deal]:
    return [make_deal("brand_owner_pricing") for _ in range(TRIES)]


async def test_the_cost_of_a_message(gateway):
    deal = await in_request(make_deal, "real_time")  # a payment must not be made in a database thread
    payloads = [
        {"conversation_id": str(deal.conversation.pk), "message": "Hello", "client_message_id": f"id-{number}"}
        for number in range(TRIES)
    ]
    cost = await cost_of(gateway, "send_message", [(deal.brand_owner, payload) for payload in payloads])
    assert await in_database(Message.objects.filter(client_message_id="id-3").count) == 1
    check("send_message", cost)


async def test_the_cost_of_an_action(gateway):
    offer = {"action": "send_price_offer", "data": {"price": "1000.00"}}
    tries = [
        (deal.brand_owner, offer | {"conversation_id": str(deal.conversation.pk)}) for deal in await in_database(_deals)
    ]
    cost = await cost_of(gateway, "conversation_action", tries)
    assert await in_database(Offer.objects.count) == TRIES
    check("conversation_action", cost)


async def test_the_cost_of_a_join(gateway):
    """The join is the first of its room in the process, by a client that has received part of the events."""
    tries = [
        (deal.brand_owner, {"conversation_id": str(deal.conversation.pk), "after": 2})
        for deal in await in_database(_deals)
    ]
    cost = await cost_of(gateway, "join_conversation", tries)
    assert len(gateway._rooms.open) == TRIES
    check("join_conversation", cost)
