"""The REST endpoints of the current user's notifications."""

from pydantic import Field
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from foundation.database.pagination import Keyset
from foundation.openapi import describe
from foundation.query_params import Flag, PageQuery
from foundation.rest import success_response
from messaging.responses import EventLogResponse
from notifications import services
from notifications.models import Notification
from notifications.payloads import (
    MarkAllReadResponse,
    NotificationPage,
    NotificationPayload,
    NotificationResponse,
    UnreadCountResponse,
)
from realtime import EventLogQuery, events_page, user_room

NEWEST_FIRST = Keyset(("created_at", "id"), descending=True, model=Notification)


class NotificationListQuery(PageQuery):
    unread: Flag | None = Field(None, description="`true`: only unread notifications; `false`: only read notifications")


class NotificationViewSet(ViewSet):
    @describe(
        "List the current user's notifications, newest first",
        query=NotificationListQuery,
        responses={200: NotificationPage},
    )
    def list(self, request: UserRequest) -> Response:
        query = NotificationListQuery.of(request)
        rows = Notification.objects.filter(user=request.user)
        if query.unread is not None:
            rows = rows.filter(read_at__isnull=query.unread)
        page = NEWEST_FIRST.page(rows, cursor=query.cursor, limit=query.limit)
        return success_response(**page.mapped(lambda rows: [NotificationPayload.model_validate(row) for row in rows]))

    @describe("Count the current user's unread notifications", responses={200: UnreadCountResponse})
    @action(detail=False, methods=["get"], url_path="unread-count")
    def unread_count(self, request: UserRequest) -> Response:
        return success_response(unread_count=Notification.objects.filter(user=request.user, read_at=None).count())

    @describe("Mark a notification as read", responses={200: NotificationResponse})
    @action(detail=True, methods=["post"])
    def read(self, request: UserRequest, pk: str) -> Response:
        notification = services.read_notification(user=request.user, notification_id=pk)
        return success_response(notification=NotificationPayload.model_validate(notification))

    @describe("Mark all notifications of the current user as read", responses={200: MarkAllReadResponse})
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: UserRequest) -> Response:
        return success_response(updated=services.read_all(user=request.user))

    @describe(
        "List the events of the current user's room: every notification event as it was sent",
        query=EventLogQuery,
        responses={200: EventLogResponse},
    )
    @action(detail=False, methods=["get"])
    def events(self, request: UserRequest) -> Response:
        return success_response(**events_page(user_room(request.user.pk), EventLogQuery.of(request)))
