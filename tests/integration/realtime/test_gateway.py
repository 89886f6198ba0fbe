"""Connecting while the database is away."""

import pytest
from django.db import OperationalError
from socketio.exceptions import ConnectionRefusedError as Refused

from foundation.refusals import TokenInvalid
from realtime.batching import Batcher
from realtime.gateway import Gateway


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
