"""Base classes of admin pages."""

from typing import Any

from django.http import HttpRequest


class NothingAddedOrDeleted:
    """A mixin for pages of rows that only the application adds and deletes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(NothingAddedOrDeleted):
    """A mixin for pages of rows that operators only read."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
