"""Calls to other systems are refused inside transactions and batches, also those that only open a socket."""

import asyncio
import contextlib
import socket
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from foundation.database.executor import in_database, in_request
from foundation.external_calls import HeldDuringCall, check_nothing_is_held, held
from realtime import unit_of_work
from tests.harness.external_calls import no_calls_inside

__all__ = ["no_calls_inside"]

pytestmark = pytest.mark.django_db


def test_nothing_is_held_in_a_test_case():
    assert held() is None
    check_nothing_is_held()


@pytest.mark.parametrize("block", [transaction.atomic, unit_of_work])
def test_a_transaction_is_held(block):
    with block():
        with pytest.raises(HeldDuringCall, match="a transaction"):
            check_nothing_is_held()
        with block(), pytest.raises(HeldDuringCall):
            check_nothing_is_held()
    check_nothing_is_held()


@pytest.mark.django_db(transaction=True)
def test_a_transaction_is_held_by_its_thread_alone():
    def other():
        try:
            return held()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        assert threads.submit(other).result() is None


def test_a_batch_is_held_and_a_request_is_not():
    async def both():
        return await in_database(held), await in_request(held)

    assert asyncio.run(both()) == ("a batch", None)


@pytest.fixture
def address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def connect(address):
    with socket.create_connection(address, timeout=5):
        pass


def connect_raw(address):
    with socket.socket() as client:
        client.settimeout(5)
        client.connect_ex(address)


def look_up(address):
    socket.getaddrinfo("localhost", 80)


def fetch(address):
    with contextlib.suppress(urllib.error.URLError, TimeoutError):
        urllib.request.urlopen(f"http://{address[0]}:{address[1]}/", timeout=0.05)


@pytest.mark.parametrize("call", [connect, connect_raw, look_up, fetch])
def test_a_socket_is_refused_inside_only(call, address, no_calls_inside):
    call(address)
    with transaction.atomic(), pytest.raises(HeldDuringCall):
        call(address)
    call(address)


def test_the_database_is_not_an_outside_call(no_calls_inside):
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
