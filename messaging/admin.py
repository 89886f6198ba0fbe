"""Operators look into conversations: a list that can be searched, and each as a readable transcript."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from conversations.models import Conversation, Participant
from conversations.services import record_view
from foundation.refusals import Refusal
from messaging.forms import RemovalForm, SystemMessageForm
from messaging.transcripts import transcript


class StateFilter(admin.SimpleListFilter):
    """The states that conversations are in, without naming any flow."""

    title = "state"
    parameter_name = "flow_state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        states = Conversation.objects.order_by("flow_state").values_list("flow_state", flat=True).distinct()
        return [(state, state.replace("_", " ")) for state in states]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(flow_state=self.value()) if self.value() else queryset


class UnreadFilter(admin.SimpleListFilter):
    title = "unread"
    parameter_name = "unread"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "with unread messages"), ("no", "all read")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "yes":
            return queryset.filter(unread__gt=0)
        return queryset.filter(unread=0) if self.value() == "no" else queryset


@admin.register(Conversation)
class ConversationAdmin(admin.ModelAdmin):
    list_display = [
        "shown_as",
        "sides",
        "conversation_type",
        "flow_state",
        "chat_status",
        "unread",
        "last_activity",
    ]
    list_filter = ["conversation_type", "chat_status", "awaiting_role", StateFilter, UnreadFilter]
    search_fields = ["=id", "title", "=source_id", "participants__user__name", "participants__user__email"]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        rows = super().get_queryset(request).prefetch_related("participants__user")
        places = Participant.objects.filter(conversation=OuterRef("pk"))
        unread = places.order_by().values("conversation").annotate(total=Sum("unread_count")).values("total")
        newest = places.order_by("-last_activity_at").values("last_activity_at")[:1]
        return rows.annotate(unread=Coalesce(Subquery(unread), 0), last_activity_at=Subquery(newest)).order_by(
            "-last_activity_at"
        )

    @admin.display(description="conversation")
    def shown_as(self, conversation: Conversation) -> str:
        return conversation.title or f"{conversation.conversation_type} {str(conversation.pk)[-12:]}"

    @admin.display(description="between")
    def sides(self, conversation: Conversation) -> str:
        return " and ".join(place.user.name for place in conversation.participants.all())

    @admin.display(description="unread", ordering="unread")
    def unread(self, conversation: Any) -> int:
        return conversation.unread

    @admin.display(description="last activity", ordering="last_activity_at")
    def last_activity(self, conversation: Any) -> Any:
        return conversation.last_activity_at

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The transcript; what is posted is a message from the system, or somebody to remove."""
        conversation = get_object_or_404(self.get_queryset(request), pk=_uuid(object_id))
        if not self.has_view_permission(request, conversation):
            return self._no_permission()
        if request.method == "POST" and self.has_change_permission(request, conversation):
            answered = self._posted(request, conversation)
            if answered is not None:
                return answered
        record_view(conversation=conversation, viewer=request.user, through="admin")
        context = {
            **self.admin_site.each_context(request),
            **transcript(conversation, page=request.GET.get("before")),
            "opts": self.opts,
            "title": self.shown_as(conversation),
            "may_write": self.has_change_permission(request, conversation),
            "form": SystemMessageForm(conversation),
        }
        return render(request, "admin/conversations/transcript.html", context)

    @staticmethod
    def _no_permission() -> HttpResponse:
        return HttpResponse("You may not look into conversations.", status=403)

    def _posted(self, request: HttpRequest, conversation: Conversation) -> HttpResponse | None:
        form = RemovalForm if "remove" in request.POST else SystemMessageForm
        bound = form(conversation, request.POST)
        if not bound.is_valid():
            for faults in bound.errors.values():
                self.message_user(request, faults[0], messages.ERROR)
            return None
        try:
            self.log_change(request, conversation, bound.carry_out())
        except Refusal as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return None
        self.message_user(request, bound.done, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:conversations_conversation_change", args=[conversation.pk]))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
