"""The admin pages of conversations: a searchable list, and a transcript of each conversation."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join

from accounts.admin_search import IndexedSearchAdmin
from accounts.models import User
from conversations.models import Conversation, ConversationView, Participant
from conversations.search import conversations_for_staff
from conversations.view_records import record_view
from deals.models import PaymentOrder
from deals.payments.decisions import MAY_REFUND
from foundation.admin import NothingAddedOrDeleted, ReadOnly
from foundation.errors import DomainError, NotFound
from foundation.ids import parse_id
from foundation.labels import isolated
from messaging.models import MessageRevision, Upload
from messaging.revision_rights import may_view_revisions
from messaging.uploads.downloads import file_response
from messaging.uploads.services import read_upload
from operators.forms import InterventionForm, RemovalForm, SystemMessageForm, first_fault
from operators.payment_admin import PaymentOrderAdmin
from operators.revision_admin import MessageRevisionAdmin
from operators.searches import conversation_views
from operators.transcripts import transcript

admin.site.register(PaymentOrder, PaymentOrderAdmin)
admin.site.register(MessageRevision, MessageRevisionAdmin)

FILE = "conversations_conversation_file"
"""The name of the URL pattern of a file in the admin."""


class StateFilter(admin.SimpleListFilter):
    """Filters by the states of the stored conversations, so that no flow is named here."""

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


class PaymentFilter(admin.SimpleListFilter):
    title = "payment"
    parameter_name = "payment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("refused", "refused by the provider")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        refused = PaymentOrder.objects.filter(conversation=OuterRef("pk"), refused_at__isnull=False)
        return queryset.filter(Exists(refused)) if self.value() == "refused" else queryset


_PARTICIPANTS = Participant.objects.filter(conversation=OuterRef("pk")).order_by()
_UNREAD = _PARTICIPANTS.values("conversation").annotate(total=Sum("unread_count")).values("total")
_LAST_ACTIVITY = _PARTICIPANTS.values("conversation").annotate(at=Max("last_activity_at")).values("at")


@admin.register(Conversation)
class ConversationAdmin(NothingAddedOrDeleted, IndexedSearchAdmin):
    found = staticmethod(conversations_for_staff)
    search_help_text = "Beginnings of words of the title or of a name, the beginning of an e-mail address, or an id"
    list_display = ["shown_as", "sides", "kind", "state", "awaited", "unread", "last_activity"]
    list_filter = ["conversation_type", "chat_status", "awaiting_role", StateFilter, UnreadFilter, PaymentFilter]
    ordering = [Subquery(_LAST_ACTIVITY).desc()]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        rows = super().get_queryset(request).prefetch_related("participants__user")
        return rows.annotate(unread=Coalesce(Subquery(_UNREAD), 0), last_activity_at=Subquery(_LAST_ACTIVITY))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Conversations"} | (extra_context or {}))

    @admin.display(description="conversation")
    def shown_as(self, conversation: Conversation) -> str:
        return format_html("<bdi>{}</bdi>", _heading(conversation))

    @admin.display(description="between")
    def sides(self, conversation: Conversation) -> str:
        names = ([participant.user.name] for participant in conversation.participants.all())
        return format_html_join(" and ", "<bdi>{}</bdi>", names)

    @admin.display(description="type", ordering="conversation_type")
    def kind(self, conversation: Conversation) -> str:
        return conversation.conversation_type

    @admin.display(description="state", ordering="flow_state")
    def state(self, conversation: Conversation) -> str:
        return conversation.flow_state.replace("_", " ")

    @admin.display(description="awaited", ordering="awaiting_role")
    def awaited(self, conversation: Conversation) -> str | None:
        return conversation.awaiting_role and conversation.awaiting_role.replace("_", " ")

    @admin.display(description="unread", ordering="unread")
    def unread(self, conversation: Any) -> int:
        return conversation.unread

    @admin.display(description="last activity", ordering="last_activity_at")
    def last_activity(self, conversation: Any) -> str:
        return date_format(conversation.last_activity_at, "j M Y H:i")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the transcript. A POST sends a system message, removes a participant, or intervenes."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        conversation = get_object_or_404(self.get_queryset(request), pk=parse_id(object_id))
        form: forms.Form = SystemMessageForm(conversation)
        if request.method == "POST":
            form = self._bind_form(request, conversation)
            if self._execute(request, conversation, form):
                return HttpResponseRedirect(f"{request.path}#newest")
        record_view(conversation=conversation, viewer=_staff(request), through="admin")
        context = {
            **self.admin_site.each_context(request),
            **transcript(conversation, page=request.GET.get("before")),
            "opts": self.opts,
            "title": isolated(_heading(conversation)),
            "may_write": self.has_change_permission(request, conversation),
            "may_view_revisions": may_view_revisions(_staff(request)),
            "may_refund": request.user.has_perm(MAY_REFUND),
            "form": form if isinstance(form, SystemMessageForm) else SystemMessageForm(conversation),
        }
        return render(request, "admin/conversations/transcript.html", context)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.file_view)
        return [path("<uuid:object_id>/files/<uuid:upload_id>", view, name=FILE), *super().get_urls()]

    def file_view(self, request: HttpRequest, object_id: uuid.UUID, upload_id: uuid.UUID) -> HttpResponseBase:
        """Download a file of the conversation, for operators who may view it. The view is recorded."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        upload = get_object_or_404(Upload, pk=upload_id, message__conversation=object_id)
        try:
            return file_response(request, read_upload(user=_staff(request), upload_id=upload.pk))
        except NotFound as error:
            raise Http404(error.message) from None

    def _bind_form(self, request: HttpRequest, conversation: Conversation) -> forms.Form:
        if not self.has_change_permission(request, conversation):
            raise PermissionDenied
        if "intervention" in request.POST:
            return InterventionForm(conversation, request.POST, operator=_staff(request))
        form = RemovalForm if "remove" in request.POST else SystemMessageForm
        return form(conversation, request.POST)

    def _execute(self, request: HttpRequest, conversation: Conversation, form: Any) -> bool:
        """Execute a form and return whether it succeeded; the operator sees any error."""
        if not form.is_valid():
            for faults in form.errors.values():
                self.message_user(request, faults[0], messages.ERROR)
            return False
        try:
            self.log_change(request, conversation, form.execute())
        except DomainError as error:
            self.message_user(request, first_fault(error), messages.ERROR)
            return False
        self.message_user(request, form.success_message, messages.SUCCESS)
        return True


@admin.register(ConversationView)
class ConversationViewAdmin(ReadOnly, IndexedSearchAdmin):
    """A read-only list of the conversations that operators viewed."""

    found = staticmethod(conversation_views)
    search_help_text = "Beginnings of words of the viewer's name, the beginning of an e-mail address, or an id"

    list_display = ["viewed_at", "viewer", "conversation", "through", "subject"]
    list_filter = ["through", "viewed_at"]
    list_select_related = ["viewer", "conversation"]
    show_full_result_count = False


def _heading(conversation: Conversation) -> str:
    return conversation.title or f"{conversation.conversation_type} {str(conversation.pk)[-12:]}"


def _staff(request: HttpRequest) -> User:
    """Return the logged-in user. The admin's views require a login."""
    assert isinstance(request.user, User)
    return request.user
