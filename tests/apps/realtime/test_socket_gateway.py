"""Admission of a client while the database is unavailable, and what the gateway stores about the client."""

import time
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError
from prometheus_client import REGISTRY
from socketio.exceptions import ConnectionRefusedError as Refused

from accounts.models import User
from accounts.services import Identity
from foundation import clock
from foundation.database.batching import Batcher
from foundation.errors import TokenInvalid
from realtime import LoggedEvent
from realtime.pubsub import Hint
from realtime.socket_gateway import Gateway


@pytest.mark.parametrize(("fault", "comes_back"), [(OperationalError(), True), (TokenInvalid(), False)])
async def test_while_the_database_is_away_a_client_is_disconnected_but_not_rejected(monkeypatch, fault, comes_back):
    gateway, cut = Gateway(), []

    async def started() -> None:
        pass

    def check(*_: object) -> None:
        raise fault

    monkeypatch.setattr(gateway, "start", started)
    monkeypatch.setattr(gateway, "_admissions", Batcher(check))
    monkeypatch.setattr(gateway.sio, "close_transport", cut.append)
    with pytest.raises(Refused):
        await gateway._connect("sid", {}, {"token": "any"})
    assert cut == (["sid"] if comes_back else [])


async def test_only_the_address_of_the_clients_request_is_kept(monkeypatch):
    """A client needs the address again if it leaves and reconnects on the same connection."""
    gateway = Gateway()
    said = {"REMOTE_ADDR": "192.0.2.1", "HTTP_COOKIE": "x" * 4000}

    async def nothing(*_: object) -> None:
        pass

    async def entered(*_: object) -> str:
        return "pid"

    identity = Identity(User(), uuid.uuid4(), clock.now() + timedelta(hours=1))
    monkeypatch.setattr(gateway, "start", nothing)
    monkeypatch.setattr(gateway, "_admissions", Batcher(lambda arrivals: [(identity, None) for _ in arrivals]))
    monkeypatch.setattr(gateway, "_enter", entered)
    for _ in range(2):
        assert await gateway._connect("sid", said, {"token": "any"}) == {"pid": "pid"}
        assert said == {"REMOTE_ADDR": "192.0.2.1"}


def test_delivery_is_timed_once_for_each_commit():
    gateway, now = Gateway(), time.time()
    before = REGISTRY.get_sample_value("stoory_delivery_lag_seconds_count")
    for room, committed_at in [("a", now), ("b", now), ("a", now + 1), ("b", now + 1)]:
        gateway._receive(Hint.logged(room, [LoggedEvent(1, "note", "{}")], committed_at).message)
    assert REGISTRY.get_sample_value("stoory_delivery_lag_seconds_count") == before + 2
