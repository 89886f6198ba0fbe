"""Conversations in the admin: the list, the transcript, and the operator's actions."""

import re
import unicodedata
import uuid
from html import escape

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import SYSTEM_USER_ID, User
from conversations.models import Conversation, ConversationView, Participant
from conversations.search import words_with
from deals.opening import open_conversation_as
from deals.requests import OpenConversationRequest
from foundation.json import from_json
from messaging.editing import delete_message, edit_message
from messaging.models import Message
from messaging.opening import open_direct
from messaging.read_marks import mark_read
from messaging.requests import EditMessageRequest, MarkReadRequest
from operators import transcripts
from realtime import LoggedEvent, event_log
from stoory.bench_data import conversations_of, people
from tests.factories import make_staff, make_user

pytestmark = pytest.mark.django_db

LIST = "admin:conversations_conversation_changelist"
VIEWS = "admin:conversations_conversationview_changelist"


def page_of(conversation: Conversation) -> str:
    return reverse("admin:conversations_conversation_change", args=[conversation.pk])


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def staff_with(*permissions: str) -> User:
    staff = make_staff(is_superuser=False)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert staff.user_permissions.count() == len(permissions)
    return staff


@pytest.fixture
def operator() -> User:
    return make_staff(name="The operator")


@pytest.fixture
def admin(operator) -> Client:
    return client_of(operator)


@pytest.fixture
def chat() -> Conversation:
    one, two = make_user("brand_owner", name="Anaya Rao"), make_user("influencer", name="Mira Kapoor")
    return open_direct(opener=one, other_id=str(two.pk)).conversation


@pytest.fixture
def bid() -> Conversation:
    return make_bid()


def make_bid(**given) -> Conversation:
    given = {"title": "Diwali snack box", "source_id": f"offer-{uuid.uuid4()}", "proposed_amount": "18000"} | given
    opener, other = make_user("brand_owner"), make_user("influencer")
    wanted = OpenConversationRequest(
        conversation_type="bid", user_id=str(other.pk), message="The brief is attached.", **given
    )
    return open_conversation_as(opener=opener, data=wanted).conversation


def sides(conversation: Conversation) -> list[User]:
    return [place.user for place in conversation.participants.order_by("pk")]


def say(conversation: Conversation, text: str, *, by: int = 0, **more) -> Message:
    return Message.objects.create(conversation=conversation, sender=sides(conversation)[by], message=text, **more)


def text_of(client: Client, conversation: Conversation, **query) -> str:
    response = client.get(page_of(conversation), query)
    assert response.status_code == 200
    return response.content.decode()


def listed(client: Client, **query) -> list:
    return list(client.get(reverse(LIST), query).context["cl"].result_list)


def queries_of(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)


def logged(conversation: Conversation) -> list[LoggedEvent]:
    return event_log.read(conversation.room, after=0)


# --- The list ---


def test_the_list_shows_newest_activity_first_with_people_state_and_unread(admin, chat, bid):
    say(chat, "Hello", by=0)
    assert [row.pk for row in listed(admin)] == [chat.pk, bid.pk]
    page = admin.get(reverse(LIST)).content.decode()
    assert "<bdi>Anaya Rao</bdi> and <bdi>Mira Kapoor</bdi>" in page
    assert "Diwali snack box" in page
    assert "influencer responding" in page
    assert '<td class="field-unread">1</td>' in page


def test_the_number_of_queries_does_not_depend_on_the_length_of_the_list(admin, chat):
    say(chat, "Hello")
    before = queries_of(admin, reverse(LIST))
    for _ in range(12):
        say(make_bid(), "Hello")
    assert queries_of(admin, reverse(LIST)) == before


def test_conversations_are_found_by_title_person_and_id(admin, chat, bid):
    make_bid(title="Something else")
    assert listed(admin, q="snack") == [bid]
    assert listed(admin, q="mira kapoor") == [chat]
    assert listed(admin, q=sides(chat)[0].email) == [chat]
    assert listed(admin, q=str(chat.pk)) == [chat]
    assert listed(admin, q=bid.source_id) == [bid]
    assert listed(admin, q="nobody has said this") == []


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_search_ignores_case_and_composition_and_takes_signs_as_themselves(admin, form):
    found = make_bid(title="Café_Über Straße दीवाली", source_id="Offer/Ä 50%")
    make_bid(title="Something else", source_id="other")
    hits = ["café", "ÜBER", "strasse café", "  दीवाली\u3000", "दी", "c", "OFFER/ä 50%", found.source_id]
    for term in hits:
        assert listed(admin, q=unicodedata.normalize(form, term)) == [found], term
    for term in ("cafu\u0301", "afé", "%", "_", "\\", "Offer/Ä 50", "café else", "x" * 500):
        assert listed(admin, q=unicodedata.normalize(form, term)) == [], term
    assert len(listed(admin, q="  \ufeff")) == 2


def test_words_can_be_of_the_title_and_of_a_name(admin, bid):
    person = sides(bid)[0]
    assert listed(admin, q=f"snack {person.name.split()[0][:3]}") == [bid]
    assert listed(admin, q=person.email.upper()[:-4]) == [bid]
    assert listed(admin, q=f"nothing {person.name}") == []


def test_the_search_uses_indexes(admin):
    reader, *others = people(301)
    conversations_of([(reader, other) for other in others])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # the tables of a test are short
    plan = words_with(["snack", "mira"]).explain()
    assert "search_word_once" in plan or "_searchword USING COVERING INDEX" in plan
    assert not re.search(r"Seq Scan|SCAN \w+$", plan, re.MULTILINE), plan


def test_filters(admin, chat, bid):
    for place in Participant.objects.filter(conversation=bid):
        mark_read(user=place.user, conversation_id=bid.pk, data=MarkReadRequest(up_to=1000))
    say(chat, "Hello")
    assert listed(admin, conversation_type="bid") == [bid]
    assert listed(admin, chat_status="real_time") == [chat]
    assert listed(admin, awaiting_role="influencer") == [bid]
    assert listed(admin, flow_state="influencer_responding") == [bid]
    assert listed(admin, unread="yes") == [chat]
    assert listed(admin, unread="no") == [bid]


def test_conversations_cannot_be_added_or_deleted(admin, chat):
    assert admin.get(reverse("admin:conversations_conversation_add")).status_code == 403
    delete = reverse("admin:conversations_conversation_delete", args=[chat.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 403
    admin.post(reverse(LIST), {"action": "delete_selected", "_selected_action": [chat.pk], "post": "yes"})
    assert Conversation.objects.filter(pk=chat.pk).exists()


# --- The transcript ---

MARKUP = '<script>alert(1)</script> "quoted" & <img src=x onerror=alert(2)>'


def test_markup_is_escaped(admin, bid):
    one, _ = sides(bid)
    User.objects.filter(pk=one.pk).update(name=MARKUP)
    Conversation.objects.filter(pk=bid.pk).update(title=MARKUP)
    say(bid, MARKUP, media_url="https://example.com/?<b>")
    page = text_of(admin, bid)
    assert page.count(escape(MARKUP).replace("&#x27;", "&#39;")) >= 3
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "/?<b>" not in page
    assert MARKUP not in admin.get(reverse(LIST)).content.decode()


def test_no_inline_script_or_style(admin, chat):
    page = text_of(admin, chat)
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    policy = admin.get(page_of(chat))["Content-Security-Policy"]
    assert "unsafe-inline" not in policy


def test_sides_and_times(admin, chat):
    say(chat, "From the left", by=0)
    say(chat, "From the right", by=1)
    bubbles = admin.get(page_of(chat)).context["bubbles"]
    assert [(one["side"], one["message"].message) for one in bubbles] == [
        ("left", "From the left"),
        ("right", "From the right"),
    ]
    assert bubbles[0]["message"].created_at.strftime("%H:%M") in text_of(admin, chat)


def test_deleted_and_edited_messages_say_so(admin, chat):
    gone, changed = say(chat, "Take this back"), say(chat, "Typo heer")
    delete_message(user=gone.sender, message_id=gone.pk)
    edit_message(user=changed.sender, message_id=changed.pk, data=EditMessageRequest(message="Typo here"))
    page = text_of(admin, chat)
    assert "Deleted by the sender" in page
    assert "Take this back" not in page
    assert "Typo here" in page
    assert "Typo heer" not in page
    assert "edited" in page


def test_prompts_are_open_until_they_are_answered(admin, bid):
    page = text_of(admin, bid)
    prompt = Message.objects.exclude(action_data=None).get(conversation=bid).action_data
    for words in (prompt["title"], *(button["text"] for button in prompt["buttons"])):
        assert escape(words) in page
    assert "No longer asked" not in page
    Conversation.objects.filter(pk=bid.pk).update(state_version=bid.state_version + 1)
    assert "No longer asked" in text_of(admin, bid)


def test_the_timeline(admin, bid):
    page = text_of(admin, bid)
    assert "conversation_opened" in page
    assert "influencer_responding" in page


def test_paging_to_older_messages_and_back(admin, chat, monkeypatch):
    monkeypatch.setattr(transcripts, "PAGE", 3)
    for number in range(7):
        say(chat, f"Number {number}")

    def shown(**query) -> list[str]:
        return [one["message"].message[-1] for one in admin.get(page_of(chat), query).context["bubbles"]]

    def older(**query) -> int | None:
        return admin.get(page_of(chat), query).context["older"]

    assert shown() == ["4", "5", "6"]
    assert shown(before=older()) == ["1", "2", "3"]
    assert shown(before=older(before=older())) == ["0"]
    assert older(before=older(before=older())) is None
    assert f"?before={older()}" in text_of(admin, chat)
    assert "Newest messages" in text_of(admin, chat, before=older())
    assert "Newest messages" not in text_of(admin, chat)


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "1.5", ""])
def test_an_invalid_page_is_the_newest(admin, chat, before):
    say(chat, "Hello")
    assert "Hello" in text_of(admin, chat, before=before)


def test_the_number_of_queries_does_not_depend_on_the_length_of_the_transcript(admin, chat):
    say(chat, "Hello")
    before = queries_of(admin, page_of(chat))
    for number in range(12):
        say(chat, "Hello", by=number % 2)
    assert queries_of(admin, page_of(chat)) == before


@pytest.mark.parametrize("key", ["nonsense", str(uuid.UUID(int=1))])
def test_an_unknown_conversation(admin, key):
    assert admin.get(f"/admin/conversations/conversation/{key}/change/").status_code == 404


# --- The record of operators' views ---


def test_looking_is_recorded_and_shown(admin, operator, chat):
    text_of(admin, chat)
    view = ConversationView.objects.get()
    assert (view.conversation_id, view.viewer_id, view.through) == (chat.pk, operator.pk, "admin")
    assert "The operator" in text_of(admin, chat)
    assert ConversationView.objects.count() == 2


def test_the_list_is_not_recorded_as_a_view(admin, chat):
    admin.get(reverse(LIST))
    assert not ConversationView.objects.exists()


def test_a_participants_view_is_not_recorded(chat):
    one, _ = sides(chat)
    User.objects.filter(pk=one.pk).update(is_staff=True, is_superuser=True)
    text_of(client_of(User.objects.get(pk=one.pk)), chat)
    assert not ConversationView.objects.exists()


def test_the_record_is_read_only(admin, chat):
    text_of(admin, chat)
    view = ConversationView.objects.get()
    assert "The operator" in admin.get(reverse(VIEWS)).content.decode()
    page = reverse("admin:conversations_conversationview_change", args=[view.pk])
    assert admin.get(page).status_code == 200
    assert admin.post(page, {"through": "nothing"}).status_code == 403
    assert admin.get(reverse("admin:conversations_conversationview_add")).status_code == 403
    delete = reverse("admin:conversations_conversationview_delete", args=[view.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 403
    view.refresh_from_db()
    assert view.through == "admin"


# --- Writing as the system ---


def test_a_system_message_is_sent_like_any_other(admin, bid, sent_hints, django_capture_on_commit_callbacks):
    end, unread = logged(bid)[-1].seq, {place.user_id: place.unread_count for place in bid.participants.all()}
    with django_capture_on_commit_callbacks(execute=True):
        response = admin.post(page_of(bid), {"message": " We are looking into it.\r\nToday. "})
    assert (response.status_code, response["Location"]) == (302, f"{page_of(bid)}#newest")
    message = Message.objects.order_by("seq").last()
    assert (message.message, message.message_type, message.is_automated) == (
        "We are looking into it.\nToday.",
        "system",
        True,
    )
    assert message.sender_id == SYSTEM_USER_ID
    (event,) = event_log.read(bid.room, after=end)
    assert (event.event, event.seq) == ("new_message", message.seq)
    assert from_json(event.data)["message"]["id"] == str(message.pk)
    now = {place.user_id: place.unread_count for place in bid.participants.all()}
    assert now == {user: count + 1 for user, count in unread.items()}
    told = {hint.group for hint in sent_hints}
    assert {bid.room, *(f"user_{user.pk}" for user in sides(bid))} <= told
    assert str(message.pk) in LogEntry.objects.get().get_change_message()
    page = text_of(admin, bid)
    assert "The message was sent to both sides." in page
    assert "We are looking into it." in page


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "a" * 5001, "a\0b"])
def test_an_invalid_text_is_not_sent(admin, chat, text):
    before = logged(chat)
    response = admin.post(page_of(chat), {"message": text})
    assert response.status_code == 200
    assert 'class="error"' in response.content.decode()
    assert not Message.objects.exists()
    assert logged(chat) == before


def test_a_refused_text_stays_in_the_form(admin, chat):
    written = "b" * 5001
    assert written in admin.post(page_of(chat), {"message": written}).content.decode()


def test_removing_a_participant(admin, chat):
    one, two = sides(chat)
    assert admin.post(page_of(chat), {"remove": str(two.pk)}).status_code == 302
    places = {place.user_id: place.removed_at for place in chat.participants.all()}
    assert (places[one.pk], places[two.pk] is None) == (None, False)
    again = admin.post(page_of(chat), {"remove": str(two.pk)})
    assert "is not a participant" in again.content.decode()
    assert LogEntry.objects.count() == 1


# --- Permissions ---


def test_viewing_needs_the_permission(chat):
    client = client_of(staff_with("view_user"))
    for path in (reverse(LIST), page_of(chat), reverse(VIEWS)):
        response = client.get(path)
        assert response.status_code == 403
        assert "This page is not for you" in response.content.decode()
    assert client.post(page_of(chat), {"message": "Hello"}).status_code == 403
    assert not ConversationView.objects.exists()
    assert not Message.objects.exists()


def test_the_permission_to_view_does_not_permit_writing(chat):
    client = client_of(staff_with("view_conversation"))
    page = text_of(client, chat)
    assert 'name="message"' not in page
    assert 'name="remove"' not in page
    assert client.post(page_of(chat), {"message": "Hello"}).status_code == 403
    assert client.post(page_of(chat), {"remove": str(sides(chat)[0].pk)}).status_code == 403
    assert not Message.objects.exists()
    assert not chat.participants.exclude(removed_at=None).exists()


def test_the_permission_to_change_permits_writing(chat):
    client = client_of(staff_with("view_conversation", "change_conversation"))
    assert client.post(page_of(chat), {"message": "Hello"}).status_code == 302
    assert Message.objects.get().message == "Hello"


def test_users_without_staff_status_are_sent_to_the_login(chat):
    response = client_of(sides(chat)[0]).get(page_of(chat))
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_posting_needs_the_token_of_the_form(operator, chat):
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    assert client.post(page_of(chat), {"message": "Hello"}).status_code == 403
    assert not Message.objects.exists()
