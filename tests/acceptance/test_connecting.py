"""How the official client connects, and how the server rejects it."""

import json
from dataclasses import replace
from typing import Any

import aiohttp
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.browser import Tab
from tests.acceptance.deployments import Deployment
from tests.harness.people import Person
from tests.harness.waiting import wait_until


def open_with(person: Person, **options: Any) -> Tab:
    tab = person.tabs.tab()
    tab.do("open", {"auth": {"token": person.access}} | options)
    return tab


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_each_transport_connects(transport: str, brand: Person, influencer: Person, conversation: str) -> None:
    tab = open_with(influencer, transports=[transport])
    assert tab.expect("connect")["transport"] == transport
    assert tab.ask("join_conversation", {"conversationId": conversation})["success"]
    brand.says(conversation, "Hi")
    assert tab.expect("new_message")["message"]["message"] == "Hi"
    answer = tab.ask("send_message", {"conversation_id": conversation, "message": "Hello"})
    assert tab.expect("new_message")["message"] == answer["message"]


def test_upgrade_from_polling_to_websocket_loses_nothing(brand: Person, influencer: Person, conversation: str) -> None:
    tab = open_with(influencer, transports=["polling", "websocket"])
    tab.emit("join_conversation", conversation)
    texts = [f"message {number}" for number in range(20)]
    numbers = [tab.begin("ask", "send_message", {"conversation_id": conversation, "message": text}) for text in texts]
    assert all(tab.result(number)["success"] for number in numbers)
    assert tab.expect("open") == "polling"
    assert tab.expect("upgrade") == "websocket"
    brand.says(conversation, "the end")
    tab.expect("new_message", seq=len(texts) + 3)
    assert [event["message"]["message"] for event in tab.all("new_message")] == [*texts, "the end"]
    assert tab.names("disconnect") == []


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("test-token", "token_invalid"),
        (None, "token_missing"),
        ("", "token_missing"),
        (17, "token_invalid"),
        (["test-token"], "token_invalid"),
        ({"token": "test-token"}, "token_invalid"),
        ("e30.e30.e30", "token_invalid"),
    ],
)
def test_an_invalid_token_is_rejected_with_message_and_code(token: Any, code: str, brand: Person) -> None:
    tab = brand.tabs.tab()
    tab.do("connect", token)
    check_refused(tab, code)
    assert tab.do("isConnected") is False


def test_an_expired_token_is_refused(brand: Person) -> None:
    tab = brand.tabs.tab()
    tab.do("connect", brand.expired)
    check_refused(tab, "token_expired")


def test_a_refresh_token_opens_no_socket(brand: Person) -> None:
    tab = brand.tabs.tab()
    tab.do("connect", brand.refresh)
    check_refused(tab, "token_invalid")


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize("auth", [{}, {"token": None}, {"Token": "x"}])
def test_a_client_without_a_token_is_refused_on_either_transport(transport: str, auth: Any, brand: Person) -> None:
    tab = brand.tabs.tab()
    tab.do("open", {"auth": auth, "transports": [transport]})
    check_refused(tab, "token_missing")


def check_refused(tab: Tab, code: str) -> None:
    error = tab.expect("connect_error")
    assert error["data"] == {"code": code}
    assert isinstance(error["message"], str)
    assert 0 < len(error["message"]) < 100
    # The official client does not reconnect by itself after a rejection.
    assert tab.do("state")["active"] is False
    assert tab.names("connect", "reconnect_attempt") == []


def test_the_guides_service_reports_its_connection(brand: Person) -> None:
    tab = brand.tabs.connected()
    assert tab.do("isConnected") is True
    tab.do("disconnect")
    assert tab.expect("disconnect") == "io client disconnect"
    assert tab.do("isConnected") is False


async def test_a_client_can_leave_and_reconnect_on_one_connection(brand: Person) -> None:
    """The official client closes the connection when it leaves; other clients can keep the connection open."""
    address = f"{brand.tabs.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as http, http.ws_connect(address) as socket:
        assert (await socket.receive_str(timeout=10)).startswith("0{")
        for _ in range(2):
            await socket.send_str("40" + json.dumps({"token": brand.access}))
            assert (await socket.receive_str(timeout=10)).startswith('40{"pid":')
            await socket.send_str("41")


@pytest.mark.parametrize("deployment", ["embedded"], indirect=True)
def test_a_process_reports_its_sockets_and_rooms(deployment: Deployment, brand: Person) -> None:
    installation = deployment.installation
    counting = replace(installation, environment=installation.environment | {"METRICS": "on"})
    with counting.serving() as server:
        tabs = [brand.tabs.connected(server.url) for _ in range(2)]
        assert counted(server.url) == {"stoory_sockets": 2, "stoory_rooms": 1}
        for tab in tabs:
            tab.do("disconnect")
        wait_until(lambda: not any(counted(server.url).values()))


def counted(url: str) -> dict[str, float]:
    families = text_string_to_metric_families(httpx.get(f"{url}/metrics", verify=False).text)
    values = {sample.name: sample.value for family in families for sample in family.samples}
    return {name: values[name] for name in ("stoory_sockets", "stoory_rooms")}
