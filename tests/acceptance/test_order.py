"""One order for all clients: many users write at the same time, over both transports and on all processes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tests.acceptance.deployments import Deployment
from tests.harness.people import Person

EACH = 60
"""The number of messages that each of the four senders sends."""


def test_observers_on_different_processes_see_one_order(
    deployment: Deployment, brand: Person, influencer: Person, conversation: str
) -> None:
    observers = brand.tabs.joined(conversation), influencer.tabs.joined(conversation)
    with ExitStack() as stack:
        transports = ((brand, deployment.first), (brand, deployment.last), (influencer, deployment.first))
        senders = [by_rest(person.at(server.url), conversation) for person, server in transports]
        senders.append(by_socket(influencer, conversation))
        threads = stack.enter_context(ThreadPoolExecutor(len(senders)))
        sent = list(threads.map(lambda send: [send(number) for number in range(EACH)], senders))
    count = EACH * len(senders)
    seen = []
    for tab in observers:
        tab.expect("new_message", seq=count + 2)
        events = tab.all("new_message")
        assert [event["seq"] for event in events] == list(range(3, count + 3))
        seen.append([event["message"]["id"] for event in events])
    assert seen[0] == seen[1]
    assert sorted(seen[0]) == sorted(message for ids in sent for message in ids)
    # The messages of one sender keep the order in which they were sent.
    for ids in sent:
        assert [message for message in seen[0] if message in set(ids)] == ids
    assert stored(brand, conversation) == seen[0]


def by_rest(person: Person, conversation: str) -> Callable[[int], str]:
    return lambda number: person.says(conversation, f"by REST {number}")["id"]


def by_socket(person: Person, conversation: str) -> Callable[[int], str]:
    tab = person.tabs.connected()

    def send(number: int) -> str:
        answer = tab.ask("send_message", {"conversation_id": conversation, "message": f"by socket {number}"})
        assert answer["success"], answer
        return answer["message"]["id"]

    return send


def stored(person: Person, conversation: str) -> list[str]:
    """Return the ids of the whole history, read page by page."""
    pages: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = person.reads(f"/api/conversations/{conversation}/messages", limit=100, **cursor)
        pages.insert(0, [message["id"] for message in page["results"]])
        if page["previous"] is None:
            return [message for one in pages for message in one]
        cursor = {"cursor": page["previous"]}
