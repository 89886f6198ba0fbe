"""Writes the search index of conversations: `SearchText` and `SearchWord`."""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef

from conversations.models import Conversation, Participant, SearchText, SearchWord
from conversations.search_keys import keys_of, text_of

CHUNK = 100


@transaction.atomic
def index_conversations(conversation_ids: Sequence[uuid.UUID]) -> None:
    """Write the search index of these conversations, from their titles and the names of their participants.

    Locks the conversations, so that the names are as they were after every other transaction that indexes them.
    """
    ids = sorted(conversation_ids)
    rows = list(Conversation.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
    people: dict[uuid.UUID, dict[uuid.UUID, str]] = {}
    names = Participant.objects.filter(conversation__in=ids).values_list("conversation_id", "user_id", "user__name")
    for conversation_id, user_id, name in names:
        people.setdefault(conversation_id, {})[user_id] = name
    texts = [text for row in rows for text in _texts(row, people.get(row.pk, {}))]
    SearchText.objects.bulk_create(
        texts, update_conflicts=True, unique_fields=["user", "conversation"], update_fields=["text"]
    )
    _write_words(rows, people)


def _write_words(rows: Sequence[Conversation], people: dict[uuid.UUID, dict[uuid.UUID, str]]) -> None:
    wanted = {
        (row.pk, key) for row in rows for key in keys_of(row.title, people.get(row.pk, {}).values(), row.source_id)
    }
    there = SearchWord.objects.filter(conversation__in=[row.pk for row in rows])
    stored = {(one.conversation_id, bytes(one.key)): one.pk for one in there}
    SearchWord.objects.filter(pk__in=[pk for pair, pk in stored.items() if pair not in wanted]).delete()
    missing = sorted(wanted - stored.keys())
    SearchWord.objects.bulk_create([SearchWord(conversation_id=pk, key=key) for pk, key in missing])


def _texts(conversation: Conversation, names: dict[uuid.UUID, str]) -> list[SearchText]:
    return [
        SearchText(conversation=conversation, user_id=user_id, text=text_of(conversation.title, _other(names, user_id)))
        for user_id in names
    ]


def _other(names: dict[uuid.UUID, str], user_id: uuid.UUID) -> str:
    return next((name for other_id, name in names.items() if other_id != user_id), "")


def index_conversations_of_user(user_id: uuid.UUID) -> None:
    """Index the conversations of a user whose name has changed, in short transactions."""
    found = Participant.objects.filter(user_id=user_id).order_by("conversation_id")
    chunk = list(found.values_list("conversation_id", flat=True)[:CHUNK])
    while chunk:
        index_conversations(chunk)
        chunk = list(found.filter(conversation_id__gt=chunk[-1]).values_list("conversation_id", flat=True)[:CHUNK])


def index_missing() -> int:
    """Index conversations without an index, which the previous release opened. Returns their number."""
    total = 0
    missing = Conversation.objects.filter(~Exists(SearchText.objects.filter(conversation=OuterRef("pk"))))
    opened = missing.filter(Exists(Participant.objects.filter(conversation=OuterRef("pk"))))
    while chunk := list(opened.values_list("pk", flat=True).order_by()[:CHUNK]):
        index_conversations(chunk)
        total += len(chunk)
    return total
