"""Finding people: who may be found by whom, by their name or by their whole address."""

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
    """Raises `NotFound` where this server offers none."""
    if settings.PEOPLE_SEARCH == "off":
        raise NotFound


def find_people(*, user: User, query: PeopleQuery) -> Page[User]:
    """Those whom the asker may find: with an @ in `q` who has this very address, else everybody for whom each word of
    `q` begins a word of the name. The queries are the same however many they are. Raises `Invalid` for a bad cursor."""
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
    """Of each user for whom every word begins a word of the name one row: that of the longest word, with which the
    search begins since it is in the fewest names. In every process it is the same one, or cursors would not fit."""
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
    """Where bytes first stand in others, counted from 1; 0 where they do not."""

    function = "INSTR"
    arity = 2
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        other_way_round = self.copy()
        other_way_round.set_source_expressions(self.get_source_expressions()[::-1])
        return other_way_round.as_sql(
            compiler, connection, template="POSITION(%(expressions)s)", arg_joiner=" IN ", **context
        )
