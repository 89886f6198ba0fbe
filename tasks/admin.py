"""The admin pages of tasks: what waits, runs and has failed. Operators can run a task now, and change nothing else."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from foundation.admin import NothingAddedOrDeleted
from tasks.declarations import declared_kinds
from tasks.models import StoredTask
from tasks.retries import run_now


class KindFilter(admin.SimpleListFilter):
    """Filters by the declared kinds. Reading the stored kinds would read the whole table."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in sorted(declared_kinds())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StoredTask]) -> QuerySet[StoredTask]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(StoredTask)
class StoredTaskAdmin(NothingAddedOrDeleted, admin.ModelAdmin):
    list_display = ["kind", "state", "due_at", "attempts", "error", "created_at", "finished_at"]
    list_filter = ["state", KindFilter]
    search_fields = ["=id", "kind", "key"]
    ordering = ["-pk"]  # the order of time, with an index
    list_per_page = 50
    show_full_result_count = False
    actions = ["run_now"]
    fields = readonly_fields = (
        *("id", "kind", "args", "key", "state", "due_at", "attempts", "error"),
        *("created_at", "started_at", "leased_until", "finished_at"),
    )

    @admin.action(description="Run now", permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[StoredTask]) -> None:
        """Make the chosen tasks due, and give dead letters all their attempts again."""
        chosen = list(queryset)
        made_due = [stored for stored in chosen if run_now(task_id=stored.pk)]
        for stored in made_due:
            self.log_change(request, stored, "Run now")
        if made_due:
            self.message_user(request, f"{len(made_due)} will run now.", messages.SUCCESS)
        if left := len(chosen) - len(made_due):
            why = "They run, have succeeded, or another task with their key waits."
            self.message_user(request, f"{left} left unchanged. {why}", messages.WARNING)
