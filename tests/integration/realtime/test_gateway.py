"""Letting a client in: while the database is away, and what is kept of it."""

import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError
from socketio.exceptions import ConnectionRefusedError as Refused

from accounts.models import User
from accounts.services import Identity
from foundation import clock
from foundation.refusals import TokenInvalid
from realtime.batching import Batcher
from realtime.gateway import Gateway
from realtime.membership import Joined


@pytest.mark.parametrize(("fault", "comes_back"), [(OperationalError(), True), (TokenInvalid(), False)])
async def test_a_client_that_could_be_let_in_later_is_cut_and_not_refused_for_good(monkeypatch, fault, comes_back):
    gateway, cut = Gateway(), []

    async def started() -> None:
        pass

    def check(*_: object) -> None:
        raise fault

    monkeypatch.setattr(gateway, "start", started)
    monkeypatch.setattr(gateway, "_arriving", Batcher(check))
    monkeypatch.setattr(gateway.sio, "close_transport", cut.append)
    with pytest.raises(Refused):
        await gateway._connect("sid", {}, {"token": "any"})
    assert cut == (["sid"] if comes_back else [])


async def test_the_headers_of_a_client_are_not_kept(monkeypatch):
    gateway = Gateway()

    async def joined(*_: object, **__: object) -> Joined:
        return Joined(0)

    monkeypatch.setattr(gateway.rooms, "join", joined)
    monkeypatch.setattr(gateway.manager, "eio_sid_from_sid", lambda *_: "eio")
    gateway.sio.environ["eio"] = {"HTTP_COOKIE": "x" * 4000}
    identity = Identity(User(), uuid.uuid4(), clock.now() + timedelta(hours=1))
    assert await gateway._enter("sid", identity, None, gateway.revocation.begin())
    assert gateway.sio.environ == {}
