"""Messages that arrive together share a transaction; an error rejects one message only."""

import threading
import uuid

import pytest
from django.db import connection

from conversations.errors import ConversationNotFound
from conversations.flows.errors import ConversationClosed
from conversations.models import Conversation, Participant
from conversations.participant_removal import remove_participant
from conversations.selectors import total_unread
from foundation.errors import DomainError
from foundation.json import from_json
from messaging.errors import IdempotencyMismatch
from messaging.models import Message
from messaging.opening import open_direct
from messaging.payloads import MessagePayload
from messaging.requests import SendMessageRequest
from messaging.sending import OutgoingMessage, SentMessage, send_message, send_messages
from notifications.models import Notification
from realtime import event_log, user_room
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair():
    one, two = make_user("brand_owner"), make_user("influencer")
    conversation = open_direct(opener=one, other_id=str(two.pk)).conversation
    return one, two, conversation


def outgoing(sender, conversation, text="Hello", **more) -> OutgoingMessage:
    return OutgoingMessage(sender, SendMessageRequest(conversation_id=str(conversation.pk), message=text, **more))


def logged(conversation) -> list[str]:
    return [event.event for event in event_log.read(conversation.room, after=0)]


def test_results_are_in_the_order_of_the_messages(pair):
    one, two, conversation = pair
    stranger = make_user("influencer")
    results = send_messages(
        [
            outgoing(one, conversation, "first", client_message_id="a"),
            outgoing(stranger, conversation, "not mine"),
            outgoing(two, conversation, "second"),
            OutgoingMessage(one, SendMessageRequest(conversation_id="nonsense", message="lost")),
            outgoing(one, conversation, "first", client_message_id="a"),
            outgoing(one, conversation, "other words", client_message_id="a"),
            OutgoingMessage(one, SendMessageRequest(receiver_id=str(two.pk), message="third")),
        ]
    )
    kinds = [type(result) for result in results]
    assert kinds == [
        SentMessage,
        ConversationNotFound,
        SentMessage,
        ConversationNotFound,
        SentMessage,
        IdempotencyMismatch,
        SentMessage,
    ]
    assert [one.message for one in Message.objects.order_by("seq")] == ["first", "second", "third"]
    assert results[4].message.pk == results[0].message.pk
    assert (results[0].created, results[4].created) == (True, False)


def test_a_batch_stores_the_same_as_single_messages(pair):
    one, two, conversation = pair
    before = len(logged(conversation))
    send_messages([outgoing(one, conversation, str(number)) for number in range(5)])
    for number in range(5, 10):
        send_message(sender=one, data=outgoing(one, conversation, str(number)).data)
    messages = list(Message.objects.order_by("seq"))
    assert [message.message for message in messages] == [str(number) for number in range(10)]
    assert [message.seq for message in messages] == list(range(before + 1, before + 11))
    assert logged(conversation)[before:] == ["new_message"] * 10
    assert Participant.objects.get(conversation=conversation, user=two).unread_count == 10
    assert Participant.objects.get(conversation=conversation, user=one).unread_count == 0
    assert Notification.objects.filter(user=two).count() == 10
    assert [event.seq for event in event_log.read(f"user_{two.pk}", after=0)] == list(range(1, 11))


def test_a_number_of_statements_that_does_not_depend_on_the_number_of_messages(django_assert_max_num_queries):
    pairs = [(make_user("brand_owner"), make_user("influencer")) for _ in range(12)]
    rooms = [open_direct(opener=one, other_id=str(two.pk)).conversation for one, two in pairs]
    batch = [outgoing(one, room) for (one, _), room in zip(pairs, rooms, strict=True)]
    with django_assert_max_num_queries(24):
        assert all(isinstance(result, SentMessage) for result in send_messages(batch * 3))


def test_a_message_to_a_closed_conversation_fails_alone(pair):
    one, _, conversation = pair
    closed = open_direct(opener=one, other_id=str(make_user("influencer").pk)).conversation
    Conversation.objects.filter(pk=closed.pk).update(chat_status="closed")
    results = send_messages([outgoing(one, closed), outgoing(one, conversation)])
    assert [type(result) for result in results] == [ConversationClosed, SentMessage]
    assert not Message.objects.filter(conversation=closed).exists()


def test_concurrent_repeats_are_one_message(pair):
    one, two, conversation = pair
    other = open_direct(opener=one, other_id=str(make_user("influencer").pk)).conversation
    name, results, barrier = uuid.uuid4().hex, [], threading.Barrier(10)

    def send(number: int) -> None:
        target = other if number == 9 else conversation
        barrier.wait(10)
        try:
            results.extend(send_messages([outgoing(one, target, client_message_id=name), outgoing(two, conversation)]))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 20
    assert all(isinstance(result, SentMessage | DomainError) for result in results)
    assert Message.objects.filter(client_message_id=name).count() == 1
    assert Message.objects.filter(sender=two).count() == 10
    assert sum(isinstance(result, IdempotencyMismatch) for result in results) in {1, 9}


def test_a_receiver_in_several_conversations_gets_each_total_once(sent_hints):
    receiver, senders, each = make_user("influencer"), [make_user("brand_owner") for _ in range(4)], 8
    rooms = [open_direct(opener=one, other_id=str(receiver.pk)).conversation for one in senders]
    sent_hints.clear()
    barrier, results = threading.Barrier(len(senders)), []

    def send(sender, conversation) -> None:
        barrier.wait(10)
        try:
            for _ in range(each):
                results.extend(send_messages([outgoing(sender, conversation)]))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=pair) for pair in zip(senders, rooms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [type(result) for result in results] == [SentMessage] * each * len(senders)
    told = [hint.message for hint in sent_hints if hint.group == user_room(receiver.pk)]
    totals = [from_json(one["data"])["total_unread"] for one in told if one["type"] == "room.ephemeral"]
    assert sorted(totals) == list(range(1, each * len(senders) + 1))


def test_totals_count_all_conversations_except_left_ones(pair, sent_hints):
    one, two, conversation = pair
    second = open_direct(opener=make_user("brand_owner"), other_id=str(two.pk)).conversation
    left = open_direct(opener=one, other_id=str(make_user("influencer").pk)).conversation
    third = Participant.objects.exclude(user=one).get(conversation=left).user
    remove_participant(conversation_id=left.pk, user_id=third.pk)
    opener = Participant.objects.exclude(user=two).get(conversation=second).user
    batch = [outgoing(one, conversation), outgoing(opener, second), outgoing(one, left), outgoing(one, conversation)]
    for round_ in (1, 2):
        sent_hints.clear()
        assert [type(result) for result in send_messages(batch)] == [SentMessage] * 4
        told = [hint.message for hint in sent_hints if hint.group == user_room(two.pk)]
        totals = [from_json(one["data"])["total_unread"] for one in told if one["type"] == "room.ephemeral"]
        assert set(totals) == {3 * round_}
        assert total_unread([one.pk, two.pk, third.pk]) == {one.pk: 0, two.pk: 3 * round_, third.pk: 0}


def test_a_participant_added_to_a_cached_conversation_is_notified(pair, sent_hints):
    one, two, conversation = pair
    send_message(sender=one, data=outgoing(one, conversation).data)
    other = make_user("influencer")
    Participant.objects.filter(conversation=conversation, user=two).update(user=other)
    sent_hints.clear()
    send_message(sender=one, data=outgoing(one, conversation).data)
    told = [hint.message for hint in sent_hints if hint.group == user_room(other.pk)]
    assert {from_json(one["data"])["total_unread"] for one in told if one["type"] == "room.ephemeral"} == {2}
    assert not [hint for hint in sent_hints if hint.group == user_room(two.pk)]


def test_a_repeat_is_rendered_without_another_query(pair, django_assert_num_queries):
    one, _, conversation = pair
    for _ in range(2):
        repeat = send_messages([outgoing(one, conversation, "once", client_message_id="a")])[0]
    with django_assert_num_queries(0):
        assert MessagePayload.of(repeat.message, state_version=repeat.message.conversation.state_version)


def test_a_removed_participant_is_not_notified(pair):
    one, two, conversation = pair
    remove_participant(conversation_id=conversation.pk, user_id=two.pk)
    send_message(sender=one, data=SendMessageRequest(conversation_id=str(conversation.pk), message="still here"))
    assert not Notification.objects.filter(user=two).exists()
