"""The search for users by name or full e-mail address, and the rules for who can find whom."""

import sys
import uuid

from django.conf import settings
from django.db import connection
from django.db.models import BinaryField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan

from accounts.models import NameWord, Role, User
from accounts.names import in_key, keys_from, words_of
from accounts.requests import PeopleQuery
from foundation.database.pagination import Keyset, Page
from foundation.database.positions import Position
from foundation.errors import NotFound
from foundation.ids import parse_id

BY_WORD = Keyset(("key", "user"), descending=False, model=NameWord)
BY_ADDRESS = Keyset(("id",), descending=False, model=User)
MOST_FOUND = 1000
"""The number of rows of each kind that a search of operators finds. A frequent word can match every user."""


def require_search() -> None:
    """Raise `NotFound` if the search is switched off on this server."""
    if settings.PEOPLE_SEARCH == "off":
        raise NotFound


def found_by_staff(term: str) -> set[uuid.UUID]:
    """Return the ids of users that an operator's search finds, at most `MOST_FOUND` of each kind: by id, by the
    beginnings of words of the name, or by the beginning of the e-mail address. All queries use indexes."""
    by_id = User.objects.filter(pk__in=filter(None, [parse_id(term)])).values_list("pk", flat=True)
    by_name = names_with_words(words_of(term)).order_by().values_list("user_id", flat=True)[:MOST_FOUND]
    return set(by_id).union(by_name, users_with_address(term)[:MOST_FOUND])


def users_with_address(beginning: str) -> QuerySet[User, uuid.UUID]:
    """Return the ids of the users whose e-mail address begins so."""
    address = User.objects.normalize_email(beginning)
    users = User.objects.order_by().values_list("pk", flat=True)
    if not address:
        return users.none()
    if connection.vendor == "postgresql":
        return users.filter(email__startswith=address)
    return users.filter(email__gte=address, email__lt=address + chr(sys.maxunicode))


def find_people(*, user: User, query: PeopleQuery) -> Page[User]:
    """Return a page of the users whom `user` can find.

    If `query.q` contains an @, it is a full e-mail address. Otherwise each of its words must begin a word of the name.
    The number of queries is constant. Raises `Invalid` for a bad cursor.
    """
    address, cursor, limit = User.objects.normalize_email(query.q), query.cursor, query.limit
    if "@" in address:
        people = User.objects.filter(_findable_by(user), email=address)
        return BY_ADDRESS.page(people, cursor=cursor, limit=limit)
    page = BY_WORD.page(
        people_with_words(words_of(query.q)).filter(_findable_by(user, "user__")), cursor=cursor, limit=limit
    )
    return Page([one.user for one in page.results], next=page.next, previous=page.previous)


def _findable_by(user: User, path: str = "") -> Q:
    hidden = [Role.SYSTEM] if settings.PEOPLE_SEARCH == "everybody" else [Role.SYSTEM, user.role]
    open_to_all = {"findable": True, "is_active": True, "is_blocked": False, "is_staff": False}
    wanted = Q(**{path + name: value for name, value in open_to_all.items()})
    return wanted & ~Q(**{f"{path}role__in": hidden}) & ~Q(**{f"{path}id": user.pk})


def people_with_words(wanted: list[str]) -> QuerySet[NameWord]:
    """Return one row for each user with a match for every word: the first row that matches the longest word."""
    found = names_with_words(wanted)
    if not wanted:
        return found
    first, _ = keys_from(_longest_first(wanted)[0])
    earlier = NameWord.objects.filter(user=OuterRef("user"), key__gte=first, key__lt=OuterRef("key"))
    return found.exclude(Exists(earlier))


def names_with_words(wanted: list[str]) -> QuerySet[NameWord]:
    """Return the rows of users with a match for every word that match the longest word.

    The search begins with the longest word because it matches the fewest names. All processes must choose the same
    word, because cursors depend on it.
    """
    if not wanted:
        return NameWord.objects.none()
    longest, *others = _longest_first(wanted)
    first, last = keys_from(longest)
    found = NameWord.objects.filter(key__gte=first, key__lt=last).select_related("user")
    for word in others:
        found = found.filter(GreaterThan(Position("key", Value(in_key(word), BinaryField())), 0))
    return found


def _longest_first(words: list[str]) -> list[str]:
    return sorted(set(words), key=lambda word: (-len(word), word))
