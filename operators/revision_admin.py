"""The admin page of the former words of edited and deleted messages. Each look is recorded."""

import uuid
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import linebreaksbr
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join

from accounts.models import User
from conversations.view_records import record_view_of_revisions
from foundation.admin import ReadOnly
from foundation.errors import NotFound
from foundation.ids import parse_id
from messaging.models import Message, MessageRevision, Upload
from messaging.uploads.downloads import file_response
from messaging.uploads.services import read_upload

FILE = "messaging_messagerevision_file"
"""The name of the URL pattern of a file of a deleted message."""


class MessageRevisionAdmin(ReadOnly, admin.ModelAdmin):
    """The list shows which messages were changed, and when; the page of a revision shows its words and files."""

    list_display = ["replaced_at", "reason", "sender", "message_id"]
    list_filter = ["reason", "replaced_at"]
    search_fields = ["=message__id", "=message__conversation__id"]
    fields = ("conversation", "sender", "reason", "replaced_at", "words", "media_url", "files")
    readonly_fields = fields
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[MessageRevision]:
        rows = super().get_queryset(request).defer("text", "media_url")
        return rows.select_related("message__sender", "message__conversation")

    @admin.display(description="sender")
    def sender(self, revision: MessageRevision) -> str:
        return format_html("<bdi>{}</bdi>", revision.message.sender.name)

    @admin.display(description="conversation")
    def conversation(self, revision: MessageRevision) -> str:
        found = revision.message.conversation_id
        address = reverse("admin:conversations_conversation_change", args=[found])
        return format_html('<a href="{}">{}</a>', address, found)

    @admin.display(description="former words")
    def words(self, revision: MessageRevision) -> str:
        return format_html('<div dir="auto">{}</div>', linebreaksbr(revision.text))

    @admin.display(description="files")
    def files(self, revision: MessageRevision) -> str:
        links = (
            (reverse(f"admin:{FILE}", args=[revision.pk, upload.pk]), upload.name)
            for upload in revision.attachments.all()
        )
        return format_html_join(" ", '<a href="{}" dir="auto">{}</a>', links) or "none"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the former words of a message, and record that they were viewed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        message = get_object_or_404(Message.objects.select_related("conversation"), revisions=parse_id(object_id))
        assert isinstance(request.user, User)
        record_view_of_revisions(
            conversation=message.conversation, viewer=request.user, through="admin", subject=message.pk
        )
        return super().change_view(request, object_id, form_url, {"title": "Former words", **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.file_view)
        return [path("<uuid:object_id>/files/<uuid:upload_id>", view, name=FILE), *super().get_urls()]

    def file_view(self, request: HttpRequest, object_id: uuid.UUID, upload_id: uuid.UUID) -> HttpResponseBase:
        """Download a file of a deleted message. The view is recorded."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        upload = get_object_or_404(Upload, pk=upload_id, revision=object_id)
        assert isinstance(request.user, User)
        try:
            return file_response(request, read_upload(user=request.user, upload_id=upload.pk))
        except NotFound as error:
            raise Http404(error.message) from None
