"""The search for users by name or full e-mail address, and the rules for who can find whom."""

from typing import Any

from django.conf import settings
from django.db.models import BinaryField, Exists, Func, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan

from accounts.models import NameWord, Role, User
from accounts.names import in_key, keys_from, words_of
from accounts.requests import PeopleQuery
from foundation.database.pagination import Keyset, Page
from foundation.errors import NotFound

BY_WORD = Keyset(("key", "user"), descending=False, model=NameWord)
BY_ADDRESS = Keyset(("id",), descending=False, model=User)


def require_search() -> None:
    """Raise `NotFound` if the search is switched off on this server."""
    if settings.PEOPLE_SEARCH == "off":
        raise NotFound


def find_people(*, user: User, query: PeopleQuery) -> Page[User]:
    """Return a page of the users whom `user` can find.

    If `query.q` contains an @, it is a full e-mail address. Otherwise each of its words must begin a word of the name.
    The number of queries is constant. Raises `Invalid` for a bad cursor.
    """
    address, cursor, limit = User.objects.normalize_email(query.q), query.cursor, query.limit
    if "@" in address:
        people = User.objects.filter(_findable_by(user), email=address)
        return BY_ADDRESS.page(people, cursor=cursor, limit=limit)
    page = BY_WORD.page(_with_words(words_of(query.q)).filter(_findable_by(user, "user__")), cursor=cursor, limit=limit)
    return Page([one.user for one in page.results], next=page.next, previous=page.previous)


def _findable_by(user: User, path: str = "") -> Q:
    hidden = [Role.SYSTEM] if settings.PEOPLE_SEARCH == "everybody" else [Role.SYSTEM, user.role]
    open_to_all = {"findable": True, "is_active": True, "is_blocked": False, "is_staff": False}
    wanted = Q(**{path + name: value for name, value in open_to_all.items()})
    return wanted & ~Q(**{f"{path}role__in": hidden}) & ~Q(**{f"{path}id": user.pk})


def _with_words(wanted: list[str]) -> QuerySet[NameWord]:
    """Return one row for each user with a match for every word: the first row that matches the longest word.

    The search begins with the longest word because it matches the fewest names. All processes must choose the same
    word, because cursors depend on it.
    """
    if not wanted:
        return NameWord.objects.none()
    longest, *others = sorted(set(wanted), key=lambda word: (-len(word), word))
    first, last = keys_from(longest)
    found = NameWord.objects.filter(key__gte=first, key__lt=last).select_related("user")
    for word in others:
        found = found.filter(GreaterThan(Position("key", Value(in_key(word), BinaryField())), 0))
    earlier = NameWord.objects.filter(user=OuterRef("user"), key__gte=first, key__lt=OuterRef("key"))
    return found.exclude(Exists(earlier))


class Position(Func):
    """The position of the second argument (bytes) in the first, counted from 1; 0 if it does not occur."""

    function = "INSTR"
    arity = 2
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        other_way_round = self.copy()
        other_way_round.set_source_expressions(self.get_source_expressions()[::-1])
        return other_way_round.as_sql(
            compiler, connection, template="POSITION(%(expressions)s)", arg_joiner=" IN ", **context
        )
