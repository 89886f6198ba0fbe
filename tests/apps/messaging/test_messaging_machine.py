"""Counters, numbers, lists and event logs stay correct after any sequence of operations on messages."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import User
from conversations.models import Conversation
from conversations.participant_removal import remove_participant
from conversations.selectors import total_unread
from deals.opening import open_conversation_as
from deals.requests import OpenConversationRequest
from foundation.errors import NotFound
from foundation.json import from_json, to_json
from messaging.conversation_selectors import conversation_list
from messaging.editing import delete_message, edit_message
from messaging.errors import IdempotencyMismatch
from messaging.models import Message
from messaging.payloads import MessagePayload
from messaging.read_marks import mark_read
from messaging.requests import ConversationListQuery, EditMessageRequest, MarkReadRequest, SendMessageRequest
from messaging.sending import send_message
from messaging.system_messages import post_system_message
from messaging.unread_counts import wrong_counts
from notifications.models import Notification
from realtime import event_log
from realtime.models import Room
from tests.contract.event_reducer import Client
from tests.factories import make_user

number = st.integers(0, 2**16)


@dataclass
class Text:
    """The expected state of a message; `sender` is None for messages that no user wrote."""

    id: uuid.UUID
    seq: int
    sender: User | None
    text: str
    deleted: bool = False


@dataclass
class Chat:
    conversation: Conversation
    sides: list[User]
    removed: list[User] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    marks: dict[uuid.UUID, int] = field(default_factory=dict)

    def inside(self) -> list[User]:
        return [user for user in self.sides if user not in self.removed]

    def unread(self, user: User) -> int:
        after = self.marks.get(user.pk, 0)
        return sum(one.seq > after and one.sender != user and not one.deleted for one in self.texts)


class Messaging(RuleBasedStateMachine):
    """A state machine with two brand owners and two influencers."""

    def __init__(self) -> None:
        super().__init__()
        self.people = [make_user(role) for role in ("brand_owner", "brand_owner", "influencer", "influencer")]
        self.chats: list[Chat] = []
        self.sent: dict[tuple[uuid.UUID, str], tuple[SendMessageRequest, uuid.UUID]] = {}

    # --- Rules ---

    @initialize(one=number, kind=st.sampled_from(["direct", "bid"]))
    def begin(self, one: int, kind: str) -> None:
        self.open(one, one + 1, kind)

    @rule(one=number, other=number, kind=st.sampled_from(["direct", "bid", "campaign"]))
    def open(self, one: int, other: int, kind: str) -> None:
        brand, influencer = self.people[one % 2], self.people[2 + other % 2]
        given = OpenConversationRequest(conversation_type=kind, influencer_id=str(influencer.pk), message="Hello")
        opened = open_conversation_as(opener=brand, data=given)
        if opened.created:
            chat = Chat(opened.conversation, [brand, influencer])
            for row in Message.objects.filter(conversation=opened.conversation).order_by("seq"):
                chat.texts.append(Text(row.pk, row.seq, brand, row.message))
            self.chats.append(chat)
        else:
            assert any(chat.conversation.pk == opened.conversation.pk for chat in self.chats)

    @rule(chat=number, who=number, text=st.sampled_from(["a", "b", "😀"]), key=st.sampled_from([None, "k1", "k2"]))
    def send(self, chat: int, who: int, text: str, key: str | None) -> None:
        chat, sender = self._pick(chat, who)
        given = SendMessageRequest(conversation_id=str(chat.conversation.pk), message=text, client_message_id=key)
        repeated = self.sent.get((sender.pk, given.client_message_id or ""))
        if repeated and repeated[0] != given:
            with pytest.raises(IdempotencyMismatch):
                send_message(sender=sender, data=given)
            return
        result = send_message(sender=sender, data=given)
        assert result.created is (repeated is None)
        if repeated:
            assert result.message.pk == repeated[1]
            return
        if given.client_message_id:
            self.sent[sender.pk, given.client_message_id] = (given, result.message.pk)
        chat.texts.append(Text(result.message.pk, result.message.seq, sender, text))

    @rule(chat=number)
    def speak_as_the_system(self, chat: int) -> None:
        chat = self.chats[chat % len(self.chats)]
        row = post_system_message(conversation_id=chat.conversation.pk, text="Maintenance")
        chat.texts.append(Text(row.pk, row.seq, None, "Maintenance"))

    @rule(chat=number, who=number, which=number, text=st.sampled_from(["c", "d"]))
    def edit(self, chat: int, who: int, which: int, text: str) -> None:
        writer, one = self._own(chat, who, which)
        edit_message(user=writer, message_id=one.id, data=EditMessageRequest(message=text))
        one.text = text

    @rule(chat=number, who=number, which=number)
    def delete(self, chat: int, who: int, which: int) -> None:
        writer, one = self._own(chat, who, which)
        delete_message(user=writer, message_id=one.id)
        one.text, one.deleted = "", True

    @rule(chat=number, who=number, which=number, beyond=st.booleans())
    def read(self, chat: int, who: int, which: int, beyond: bool) -> None:
        chat, reader = self._pick(chat, who)
        assume(chat.texts)
        one = chat.texts[-1] if beyond else chat.texts[which % len(chat.texts)]
        given = MarkReadRequest(up_to=2**40 if beyond else str(one.id))
        read = mark_read(user=reader, conversation_id=chat.conversation.pk, data=given)
        chat.marks[reader.pk] = max(chat.marks.get(reader.pk, 0), one.seq)
        assert (read.up_to_seq, read.unread_count) == (chat.marks[reader.pk], chat.unread(reader))

    @rule(chat=number, who=number)
    def remove(self, chat: int, who: int) -> None:
        chat, user = self._pick(chat, who)
        assume(len(self.chats) > 2)
        remove_participant(conversation_id=chat.conversation.pk, user_id=user.pk)
        chat.removed.append(user)
        given = SendMessageRequest(conversation_id=str(chat.conversation.pk), message="still here")
        with pytest.raises(NotFound):
            send_message(sender=user, data=given)

    def _pick(self, chat: int, who: int) -> tuple[Chat, User]:
        found = self.chats[chat % len(self.chats)]
        assume(found.inside())
        return found, found.inside()[who % len(found.inside())]

    def _own(self, chat: int, who: int, which: int) -> tuple[User, Text]:
        found, writer = self._pick(chat, who)
        own = [one for one in found.texts if one.sender == writer and not one.deleted]
        prompts = set(Message.objects.filter(message_type="system").values_list("pk", flat=True))
        own = [one for one in own if one.id not in prompts]
        assume(own)
        return writer, own[which % len(own)]

    # --- Invariants ---

    @invariant()
    def unread_counts_match_the_messages(self) -> None:
        assert wrong_counts() == []
        totals = total_unread([user.pk for user in self.people])
        for user in self.people:
            assert totals[user.pk] == sum(chat.unread(user) for chat in self.chats if user in chat.inside())

    @invariant()
    def lists_match_the_messages(self) -> None:
        for user in self.people:
            shown, _ = conversation_list(user=user, query=ConversationListQuery(limit=200))
            mine = [chat for chat in self.chats if user in chat.inside()]
            assert {one.id for one in shown} == {chat.conversation.pk for chat in mine}
            by_id = {chat.conversation.pk: chat for chat in mine}
            for one in shown:
                chat = by_id[one.id]
                last = chat.texts[-1] if chat.texts else None
                assert one.unread_count == chat.unread(user)
                assert (one.last_message and one.last_message.id) == (last and last.id)
                assert last is None or one.last_message.message == last.text

    @invariant()
    def logs_are_dense(self) -> None:
        for chat in self.chats:
            seqs = [event.seq for event in event_log.read(chat.conversation.room, after=0)]
            assert seqs == list(range(1, len(seqs) + 1))
            assert Room.objects.get(name=chat.conversation.room).last_seq == len(seqs)

    def teardown(self) -> None:
        """Replay the log of each conversation from the start; the result must equal the stored messages."""
        for chat in self.chats:
            client = Client()
            for event in event_log.read(chat.conversation.room, after=0):
                client.take(event.event, from_json(event.data))
            rows = Message.objects.filter(conversation=chat.conversation).order_by("seq")
            stored = [MessagePayload.of(row, state_version=chat.conversation.state_version) for row in rows]
            assert client.history() == from_json(to_json(stored))
            assert [one["message"] for one in client.history()] == [one.text for one in chat.texts]
            self._notifications_follow(chat)

    def _notifications_follow(self, chat: Chat) -> None:
        for user in chat.sides:
            rows: Any = Notification.objects.filter(user=user, conversation=chat.conversation)
            deleted = {one.id for one in chat.texts if one.deleted}
            assert all(row.body == "" and row.read_at for row in rows if row.message_id in deleted)
            read = {one.id for one in chat.texts if one.seq <= chat.marks.get(user.pk, 0)}
            assert all(row.read_at for row in rows if row.message_id in read)


@pytest.mark.django_db
def test_messaging() -> None:
    run_state_machine_as_test(
        Messaging,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
