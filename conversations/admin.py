"""Who of the staff looked into which conversation: readable, never writable."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from conversations.models import ConversationView


@admin.register(ConversationView)
class ConversationViewAdmin(admin.ModelAdmin):
    list_display = ["viewed_at", "viewer", "conversation", "through", "subject"]
    list_filter = ["through", "viewed_at"]
    list_select_related = ["viewer", "conversation"]
    search_fields = ["viewer__name", "viewer__email", "=conversation__id", "=subject"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
