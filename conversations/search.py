"""The search for conversations: of a user in the own list, and of operators in all conversations."""

import uuid

from django.db.models import BinaryField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan

from accounts.names import keys_from, search_text, words_of
from accounts.people_search import MOST_FOUND, users_with_address
from conversations.models import Conversation, Participant, SearchText, SearchWord
from conversations.search_keys import source_key
from foundation.database.positions import Position
from foundation.ids import parse_id


def in_conversations_with(*, user_id: uuid.UUID, term: str) -> Q:
    """Return the condition that the title of a participation's conversation, or the name of the other participant,
    contains the term.

    The matches are read from the user's part of one index. If there are many, the database looks for each row of the
    list whether it matches, which soon finds a page.
    """
    matches = texts_with(user_id=user_id, term=term).values_list("conversation_id", flat=True)
    ids = list(matches[: MOST_FOUND + 1])
    return Q(conversation__in=ids if len(ids) <= MOST_FOUND else matches)


def texts_with(*, user_id: uuid.UUID, term: str) -> QuerySet[SearchText]:
    wanted = search_text(term).encode()
    if not wanted:
        return SearchText.objects.none()
    own = SearchText.objects.filter(user_id=user_id)
    return own.filter(GreaterThan(Position("text", Value(wanted, BinaryField())), 0))


def conversations_for_staff(term: str) -> set[uuid.UUID]:
    """Return the ids of conversations that an operator's search finds, at most `MOST_FOUND` of each kind.

    Each word must begin a word of the title or of the name of a participant. The term can also be an id, a `source_id`,
    or the beginning of a participant's e-mail address. All queries use indexes.
    """
    by_id = Conversation.objects.filter(pk__in=filter(None, [parse_id(term)])).values_list("pk", flat=True)
    by_address = Participant.objects.filter(user__in=list(users_with_address(term)[:MOST_FOUND]))
    rows: list[QuerySet[SearchWord] | QuerySet[Participant]] = [
        SearchWord.objects.filter(key=source_key(term)),
        words_with(words_of(term)),
        by_address,
    ]
    return set(by_id).union(*(row.order_by().values_list("conversation_id", flat=True)[:MOST_FOUND] for row in rows))


def words_with(wanted: list[str]) -> QuerySet[SearchWord]:
    """Return a row of each conversation with a word for every wanted word. Begins with the longest word, because it
    matches the fewest conversations."""
    if not wanted:
        return SearchWord.objects.none()
    longest, *others = sorted(set(wanted), key=lambda word: (-len(word), word))
    found = SearchWord.objects.filter(_begins(longest))
    for word in others:
        found = found.filter(Exists(SearchWord.objects.filter(_begins(word), conversation=OuterRef("conversation"))))
    return found


def _begins(word: str) -> Q:
    first, end = keys_from(word)
    return Q(key__gte=first, key__lt=end)
