"""Bulk reads and writes have the same results as reads and writes of single rows, on every database."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from accounts.models import User
from conversations.models import Conversation, Participant
from deals.models import Deal
from foundation import clock
from foundation.database.bulk import (
    fetch_many,
    insert_instances,
    insert_many,
    insert_with_text,
    last_of_each,
    new_instance,
    newest_of_each,
    select_by_pair,
    select_many,
    sum_many,
    update_many,
    upsert_many,
)
from foundation.database.pipeline import is_postgresql, pipelined
from messaging.models import Message, Upload
from messaging.opening import open_direct
from messaging.system_messages import post_system_message
from notifications.models import Notification
from realtime.models import Room, RoomEvent
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = 'Tab\t, line\n, back\\slash, "quotes", \\N, é, 👋, \\u0041'


@pytest.fixture
def conversation() -> Conversation:
    one, two = make_user("brand_owner"), make_user("influencer")
    return open_direct(opener=one, other_id=str(two.pk)).conversation


def event(room: Room, seq: int, **members) -> dict:
    row = {"room_id": room.pk, "seq": seq, "event": "note", "data": TEXT, "subject": None, "created_at": clock.now()}
    return row | members


def test_inserted_rows_are_read_unchanged():
    room, about, now = Room.objects.create(name="a"), make_user().pk, clock.now()
    insert_many(RoomEvent, [event(room, 1, subject=about, created_at=now), event(room, 2)])
    first, second = RoomEvent.objects.order_by("seq")
    assert (first.room_id, first.event, first.data, first.subject, first.created_at) == (
        room.pk,
        "note",
        TEXT,
        about,
        now,
    )
    assert (second.data, second.subject) == (TEXT, None)
    insert_many(RoomEvent, [])
    assert RoomEvent.objects.count() == 2


@pytest.mark.parametrize("prepares", [True, False])
def test_a_text_passed_separately_is_read_unchanged(prepares, monkeypatch):
    if is_postgresql() and not prepares:
        connection.ensure_connection()
        monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    room, about, now = Room.objects.create(name="a"), make_user().pk, clock.now()
    texts = [TEXT, "", "x" * 100_000]
    rows = [event(room, seq, subject=about, created_at=now) for seq in (1, 2, 3)]
    for row in rows:
        del row["data"]
    insert_with_text(RoomEvent, rows, data=texts)
    found = RoomEvent.objects.order_by("seq").values_list("room_id", "seq", "event", "data", "subject", "created_at")
    assert list(found) == [(room.pk, seq, "note", text, about, now) for seq, text in enumerate(texts, start=1)]
    insert_with_text(RoomEvent, [], data=[])
    assert RoomEvent.objects.count() == 3


def test_inserted_instances_equal_saved_ones(conversation):
    payload = {"nested": {"a": [1, None, TEXT]}}
    user = make_user()
    new = [Notification(user=user, type="x", title=TEXT, body=TEXT, payload=payload) for _ in range(3)]
    insert_instances(new)
    assert not any(one._state.adding for one in new)
    stored = Notification.objects.filter(user=user)
    assert {one.pk for one in stored} == {one.pk for one in new}
    assert all((one.payload, one.body, one.conversation_id) == (payload, TEXT, None) for one in stored)


def test_new_instances_have_the_models_defaults(conversation):
    user, now = make_user(), clock.now()
    given = {"user_id": user.pk, "type": "x", "title": TEXT, "payload": {}, "created_at": now}
    made, usual = new_instance(Notification, **given), Notification(**given)
    names = [field.attname for field in Notification._meta.local_concrete_fields if not field.primary_key]
    assert {name: getattr(made, name) for name in names} == {name: getattr(usual, name) for name in names}
    assert made.pk != usual.pk
    assert made._state.adding
    assert made.user == user
    made.save()
    assert Notification.objects.get(pk=made.pk).title == TEXT


def test_an_existing_row_raises_an_integrity_error_and_nothing_is_written():
    room = Room.objects.create(name="a")
    insert_many(RoomEvent, [event(room, 1)])
    with pytest.raises(IntegrityError), transaction.atomic(), pipelined():
        insert_many(RoomEvent, [event(room, 2), event(room, 1)])
    assert list(RoomEvent.objects.values_list("seq", flat=True)) == [1]


def test_an_update_changes_only_the_given_columns_and_rows(conversation):
    mine, theirs = Participant.objects.order_by("pk")
    later = clock.now() + timedelta(hours=1)
    update_many(Participant, [{"id": mine.pk, "unread_count": 7, "last_activity_at": later}])
    mine.refresh_from_db()
    assert (mine.unread_count, mine.last_activity_at, mine.last_read_seq) == (7, later, 0)
    assert Participant.objects.get(pk=theirs.pk).unread_count == theirs.unread_count
    update_many(Participant, [])


def test_an_upsert_changes_only_the_given_columns_of_existing_rows():
    Room.objects.create(name="there", last_seq=3, floor=1)
    rows = [{"name": name, "last_seq": 7, "floor": 5} for name in ("there", TEXT[:99])]
    upsert_many(Room, rows, unique=("name",), update=("last_seq",))
    assert set(Room.objects.values_list("name", "last_seq", "floor")) == {("there", 7, 1), (TEXT[:99], 7, 5)}
    upsert_many(Room, [], unique=("name",))


def test_an_upsert_can_ignore_existing_rows():
    Room.objects.create(name="there", last_seq=3)
    upsert_many(Room, [{"name": name, "last_seq": 0, "floor": 0} for name in ("new", "there")], unique=("name",))
    assert dict(Room.objects.values_list("name", "last_seq")) == {"there": 3, "new": 0}


def test_rows_are_selected_in_order_and_locked():
    rooms = [Room.objects.create(name=name, last_seq=number) for number, name in enumerate(("b", "a", "c"))]
    with transaction.atomic():
        found = select_many(
            Room, ("name", "last_seq"), by="name", among=["c", "b", "a", "none"], order_by="name", lock=True
        )
    assert list(found) == [("a", 1), ("b", 0), ("c", 2)]
    assert list(select_many(Room, ("id",), by="id", among=[], order_by="id")) == []
    assert len(rooms) == 3


def test_rows_are_selected_by_pairs_of_attributes():
    for number, name in enumerate(("a", 'quo"te', "c")):
        Room.objects.create(name=name, last_seq=number, floor=number)
    pairs = {(0, "a"), (2, 'quo"te'), (2, "c"), (9, "none")}
    found = select_by_pair(Room, ("name", "floor"), by=("last_seq", "name"), among=pairs)
    assert sorted(found) == [("a", 0), ("c", 2)]


@pytest.mark.usefixtures("conversation")
@pytest.mark.parametrize("model", [Conversation, Deal, Participant, User, Message, Upload])
def test_instances_equal_those_of_the_manager(model):
    first, *_ = Participant.objects.order_by("pk")
    message = post_system_message(conversation_id=first.conversation_id, text=TEXT)
    Message.objects.update(action_data={"a": [1, None, TEXT]}, edited_at=clock.now())
    Conversation.objects.update(current_action_data={"buttons": [{"id": "a"}]}, due_at=clock.now(), paused=True)
    due_left = {"due_left": timedelta(days=2, seconds=5)}
    Deal.objects.update_or_create(conversation_id=first.conversation_id, defaults=due_left)
    Upload.objects.create(
        owner=first.user, message=message, file="uploads/a", name=TEXT, content_type="a/b", size=2**40
    )
    stored, key = list(model.objects.order_by("pk")), model._meta.pk.attname
    assert stored
    with transaction.atomic():
        found = list(fetch_many(model, by=key, among=[one.pk for one in stored], order_by=key, lock=True))
    names = [field.attname for field in model._meta.local_concrete_fields]
    assert [[getattr(one, name) for name in names] for one in found] == [
        [getattr(one, name) for name in names] for one in stored
    ]
    found[0].save()
    assert model.objects.count() == len(stored)
    assert list(fetch_many(model, by=key, among=[], order_by=key)) == []


def test_sums_exclude_zeros_and_exceptions(conversation):
    mine, theirs = Participant.objects.order_by("pk")
    Participant.objects.filter(pk=mine.pk).update(unread_count=3)
    Participant.objects.filter(pk=theirs.pk).update(unread_count=5, removed_at=clock.now())

    def sums() -> dict:
        among = [mine.user_id, theirs.user_id]
        return dict(sum_many(Participant, "unread_count", by="user_id", among=among, unless="removed_at"))

    assert sums() == {mine.user_id: 3}
    Participant.objects.filter(pk=theirs.pk).update(removed_at=None)
    assert sums() == {mine.user_id: 3, theirs.user_id: 5}


def test_the_newest_rows_of_each_group_are_found(conversation):
    def newest(*users, limit):
        found = newest_of_each(
            Participant,
            "conversation_id",
            by="user_id",
            among=[one.pk for one in users],
            unless="removed_at",
            order_by=("last_activity_at", "conversation_id"),
            limit=limit,
        )
        return sorted(found)

    brand, influencer = (place.user for place in Participant.objects.order_by("pk"))
    third = make_user("influencer")
    later = open_direct(opener=brand, other_id=str(third.pk)).conversation
    assert newest(brand, third, limit=1) == sorted([(brand.pk, later.pk), (third.pk, later.pk)])
    assert newest(brand, limit=2) == sorted([(brand.pk, later.pk), (brand.pk, conversation.pk)])
    Participant.objects.filter(user=brand, conversation=later).update(removed_at=clock.now())
    assert newest(brand, limit=2) == [(brand.pk, conversation.pk)]
    assert newest(make_user(), limit=2) == newest(limit=2) == []
    assert newest(influencer, limit=1) == [(influencer.pk, conversation.pk)]


def test_the_last_row_of_each_group_is_found(conversation):
    other = open_direct(opener=make_user(), other_id=str(make_user("influencer").pk)).conversation
    empty = open_direct(opener=make_user(), other_id=str(make_user("influencer").pk)).conversation
    said = [post_system_message(conversation_id=one.pk, text="…").pk for one in (conversation, conversation, other)]

    def last(*conversations: Conversation) -> dict:
        among = [one.pk for one in conversations]
        return dict(last_of_each(Message, "id", by="conversation_id", among=among, order_by="seq"))

    Message.objects.filter(pk=said[0]).update(seq=1_000)
    assert last(conversation) == {conversation.pk: said[0]}
    Message.objects.filter(pk=said[0]).update(seq=0)
    assert last(conversation, other, empty) == {conversation.pk: said[1], other.pk: said[2]}
    assert last(empty) == last() == {}


def test_a_pipeline_gives_each_reader_its_own_rows():
    for name in ("a", "b"):
        Room.objects.create(name=name, last_seq=ord(name))
    with transaction.atomic(), pipelined():
        update_many(Room, [{"id": room.pk, "last_seq": room.last_seq + 1} for room in Room.objects.all()])
        first = select_many(Room, ("last_seq",), by="name", among=["a"], order_by="name")
        second = list(Room.objects.filter(name="b").values_list("last_seq"))
    assert (list(first), second) == ([(ord("a") + 1,)], [(ord("b") + 1,)])


def full_scans_of_rooms() -> int:
    """Count full scans of the table of rooms: in this transaction, and in earlier transactions not yet reported by the
    session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'realtime_room'")
        return cursor.fetchone()[0]


@pytest.mark.usefixtures("on_postgresql")
def test_rows_are_updated_by_their_keys_without_a_full_scan():
    Room.objects.bulk_create([Room(name=f"conversation_{number}") for number in range(20_000)])
    one, two = Room.objects.order_by("pk")[:2]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE realtime_room")
    for seq in range(10):
        with transaction.atomic():
            before = full_scans_of_rooms()
            update_many(Room, [{"id": one.pk, "last_seq": seq}, {"id": two.pk, "last_seq": seq}])
            assert full_scans_of_rooms() == before


@pytest.mark.usefixtures("on_postgresql")
def test_each_pair_is_looked_up_once(conversation):
    one, two = (place.user_id for place in Participant.objects.order_by("pk"))
    sent = [(sender, f"{sender}-{number}") for number in range(1000) for sender in (one, two)]
    insert_instances(
        [
            new_instance(
                Message,
                conversation=conversation,
                seq=seq,
                sender_id=sender,
                receiver_id=one if sender == two else two,
                message=TEXT,
                client_message_id=given,
            )
            for seq, (sender, given) in enumerate(sent, start=1)
        ]
    )
    pairs = sent[:40]
    with transaction.atomic(), connection.cursor() as cursor:

        def scans() -> int:
            cursor.execute("SELECT idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'messaging_message'")
            return cursor.fetchone()[0]

        cursor.execute("ANALYZE messaging_message")
        before = scans()
        found = select_by_pair(Message, ("id",), by=("sender_id", "client_message_id"), among=pairs)
        assert len(list(found)) == len(pairs)
        assert scans() - before == len(pairs)


@pytest.mark.usefixtures("on_postgresql")
def test_statements_are_not_planned_again_for_other_values():
    with connection.cursor() as cursor:
        for number in range(3):
            list(select_many(Room, ("id",), by="name", among=[f"room {number}"], order_by="id"))
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE %s",
            ['SELECT "id" FROM "realtime_room" WHERE "name" = ANY%'],
        )
        generic, custom = cursor.fetchone()
    assert (generic >= 3, custom) == (True, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("on_postgresql")
def test_locking_rows_outside_a_transaction_is_refused():
    for function in (partial(fetch_many, Room), partial(select_many, Room, ("id",))):
        with pytest.raises(TransactionManagementError):
            function(by="name", among=["a"], order_by="name", lock=True)
        with transaction.atomic():
            assert list(function(by="name", among=["a"], order_by="name", lock=True)) == []
