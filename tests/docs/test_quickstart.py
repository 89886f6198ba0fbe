"""docs/quickstart.md: its blocks in order, as one module, against a server that restarts."""

from pathlib import Path

import pytest

from tests.docs.accounts import registered
from tests.docs.claims import runs_all
from tests.docs.scripts import Script, script
from tests.harness.people import PASSWORD, Person
from tests.harness.servers import RunningServer, embedded

BEFORE = 60
EXPIRED_TOKEN = """
from datetime import timedelta
from accounts.models import LoginSession, User
from accounts.tokens import issue
from foundation import clock

session = LoginSession.of(User.objects.get(email="{email}"))
with clock.moved(-timedelta(days=1)):
    print(issue(session).access)
"""
FORGET_CONNECTIONS = "from realtime.models import SocketSession; SocketSession.objects.all().delete()"
PRELUDE = """
const API = '{url}';
const email = '{email}';
const password = '{password}';
"""
AFTERWARDS = """
socket.on('notification', ({{ data }}) => console.log('notified:', data.body));
socket.once('disconnect', () => (access = '{expired}'));
const first = access;
socket.on('connect', () => console.log(socket.recovered ? 'recovered' : 'new', access === first ? 'first' : 'renewed'));
await post('/api/conversations/' + conversationId + '/read', {{ up_to: lastSeq }}, access);
console.log('found', person.name);
console.log('ready');
"""


@pytest.fixture
def server(tmp_path: Path):
    with embedded(tmp_path) as installation, installation.serving() as running:
        yield running


@runs_all("docs/quickstart.md", "js")
def test_the_whole_quick_start(blocks, server: RunningServer, workplace: Path):
    brand = registered(server, "brand_owner", "Anaya Rao")
    me = registered(server, "influencer")
    conversation = brand.opens_bid_with(me, title="Sneakers")
    for number in range(BEFORE):
        brand.says(conversation, f"Message {number}.")
    expired = server.installation.shell(EXPIRED_TOKEN.format(email=me.email)).strip()
    given = PRELUDE.format(url=server.url, email=me.email, password=PASSWORD)
    text = "\n".join([given, *(one.text for one in blocks), AFTERWARDS.format(expired=expired)])
    with script(workplace, text) as running:
        running.prints("^ready$")
        check_reads_and_writes(running, brand, me, conversation)
        check_reconnects(running, brand, conversation, server)


def check_reads_and_writes(running: Script, brand: Person, me: Person, conversation: str) -> None:
    assert f"Message {BEFORE - 1}.\n" in running.printed
    assert "Message 5.\n" not in running.printed, "this message is on an older page"
    mine = [one["message"] for one in me.messages(conversation) if one["sender_id"] == me.id]
    assert mine.count("Hello!") == 2
    assert running.printed.count("Hello! influencer_responding") == 2
    direct = next(one for one in me.reads("/api/conversations")["results"] if one["conversation_type"] == "direct")
    assert [one["message"] for one in brand.messages(direct["id"])] == ["Hello!"]
    assert me.sees(conversation)["flow_state"] == "brand_owner_details", "the first action was taken"
    assert me.sees(conversation)["unread_count"] == 0
    assert "found Anaya Rao\n" in running.printed


def check_reconnects(running: Script, brand: Person, conversation: str, server: RunningServer) -> None:
    """The module reconnects with an expired token, and then as a user that the server no longer knows."""
    server.kill()
    server.start()
    running.prints("recovered renewed")
    brand.says(conversation, "While you were away.")
    running.prints("While you were away. brand_owner_details")
    server.kill()
    server.installation.shell(FORGET_CONNECTIONS)
    server.start()
    brand.says(conversation, "Anybody there?")
    running.prints("new renewed")
    running.prints("Anybody there\\? brand_owner_details")
    for text in ("While you were away. b", "Anybody there? b"):
        assert running.printed.count(text) == 1, running.printed
