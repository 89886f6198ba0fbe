"""Messages that are created outside the API: in the admin, and in a shell of another process."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.browser import WAIT, Tab
from tests.acceptance.deployments import Deployment
from tests.acceptance.setup_data import OPERATOR
from tests.acceptance.shapes import NEW_MESSAGE, NOTIFICATION, fits
from tests.harness.people import PASSWORD, Person

SYSTEM_USER = "00000000-0000-0000-0000-000000000000"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture
def tabs(brand: Person, influencer: Person, conversation: str) -> tuple[Tab, Tab]:
    return brand.tabs.joined(conversation), influencer.tabs.joined(conversation)


@pytest.fixture
def admin(deployment: Deployment) -> Iterator[httpx.Client]:
    """An operator who is logged in to the admin, as in a browser."""
    deployment.installation.shell("from tests.acceptance.setup_data import make_operator; make_operator()")
    with httpx.Client(base_url=deployment.first.url, follow_redirects=True, timeout=WAIT) as client:
        form = {"username": OPERATOR, "password": PASSWORD, "next": "/admin/"}
        page = submit(client, "/admin/login/", form)
        assert page.url.path == "/admin/"
        yield client


def submit(client: httpx.Client, path: str, form: dict[str, str]) -> httpx.Response:
    """Open a page with a form and submit the form with its CSRF token."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    answer = client.post(path, data=form | {"csrfmiddlewaretoken": TOKEN.search(page.text)[1]})
    assert answer.status_code == 200, answer.text
    return answer


def check_system_message(tab: Tab, text: str) -> None:
    event = tab.expect("new_message")
    fits(event, NEW_MESSAGE)
    message = event["message"]
    assert (message["message"], message["message_type"], message["is_automated"]) == (text, "system", True)
    assert message["sender_id"] == SYSTEM_USER
    told = tab.expect("notification")
    fits(told, NOTIFICATION)
    assert told["data"]["message"]["id"] == message["id"]


def test_an_operators_message_reaches_both_participants(
    admin: httpx.Client, brand: Person, tabs: tuple[Tab, Tab], conversation: str
) -> None:
    brand.says(conversation, "<script>alert(1)</script>")
    path = f"/admin/conversations/conversation/{conversation}/change/"
    page = submit(admin, path, {"message": "Payment is on hold.\r\nWe are looking into it."})
    assert "<script>alert(1)</script>" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    tabs[0].expect("new_message")
    tabs[1].expect("new_message")
    tabs[1].expect("notification")
    for tab in tabs:
        check_system_message(tab, "Payment is on hold.\nWe are looking into it.")
    refused = admin.post(path, data={"message": "Without the token"})
    assert refused.status_code == 403
    shown = brand.reads(f"/api/conversations/{conversation}/messages")["results"]
    assert len(shown) == 2


@pytest.mark.parametrize(
    "code",
    [
        "Message.objects.create(conversation=conversation, sender=sender, message='From a shell')",
        "given = SendMessageRequest(conversation_id=str(conversation.pk), message='From a shell')\n"
        "send_message(sender=sender, data=given)",
    ],
    ids=["row", "service"],
)
def test_a_message_created_in_a_shell_reaches_both_participants(
    code: str, deployment: Deployment, brand: Person, influencer: Person, tabs: tuple[Tab, Tab], conversation: str
) -> None:
    deployment.installation.shell(
        "from accounts.models import User; from conversations.models import Conversation;"
        "from messaging.models import Message; from messaging.requests import SendMessageRequest;"
        "from messaging.sending import send_message;"
        f"conversation = Conversation.objects.get(pk='{conversation}');"
        f"sender = User.objects.get(pk='{brand.id}'); {code}"
    )
    for tab in tabs:
        event = tab.expect("new_message")
        fits(event, NEW_MESSAGE)
        message = event["message"]
        assert (message["message"], message["sender_id"]) == ("From a shell", brand.id)
        assert (message["receiver_id"], message["message_type"]) == (influencer.id, "user_input")
    fits(tabs[1].expect("notification"), NOTIFICATION)
    shown = influencer.reads(f"/api/conversations/{conversation}")["conversation"]
    assert (shown["unread_count"], shown["last_message"]["message"]) == (1, "From a shell")
