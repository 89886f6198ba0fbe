"""The search of admin pages, through indexes of search words instead of a scan of all rows."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.requests import LONGEST_SEARCH
from foundation.text import trimmed


class IndexedSearchAdmin(admin.ModelAdmin):
    """Searches by `found(term)`, which returns the primary keys of the rows that a term finds.

    `search_fields` only switches the search on. A term ends after `LONGEST_SEARCH` characters.
    """

    found: Callable[[str], set[Any]]
    search_fields = ("pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = trimmed(search_term.replace("\x00", ""))[:LONGEST_SEARCH]
        return (queryset.filter(pk__in=type(self).found(term)) if term else queryset), False
