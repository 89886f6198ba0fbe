"""The REST doors to one's own notifications."""

from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.authentication import UserRequest
from foundation.openapi import FLAG, LENGTH, NUMBER, PAGING, describe, parameter
from foundation.pagination import Keyset, flag, limit_of
from foundation.rest import answer
from messaging.responses import EventsAnswer
from notifications import services
from notifications.models import Notification
from notifications.payloads import (
    NotificationAnswer,
    NotificationPage,
    NotificationPayload,
    UnreadAnswer,
    UpdatedAnswer,
)
from realtime.hooks import user_room
from realtime.rest import events_page

NEWEST_FIRST = Keyset(("created_at", "id"), descending=True, model=Notification)


class NotificationViewSet(ViewSet):
    @describe(
        "One's notifications, newest first",
        answers={200: NotificationPage},
        parameters=[
            parameter("unread", "`true`: unread ones; `false`: read ones", kind=FLAG),
            *PAGING,
        ],
    )
    def list(self, request: UserRequest) -> Response:
        rows = Notification.objects.filter(user=request.user)
        unread = flag(request.query_params, "unread")
        if unread is not None:
            rows = rows.filter(read_at__isnull=unread)
        page = NEWEST_FIRST.page(rows, cursor=request.query_params.get("cursor"), limit=limit_of(request.query_params))
        return answer(**page.mapped(lambda rows: [NotificationPayload.model_validate(row) for row in rows]))

    @describe("How many of one's notifications are unread", answers={200: UnreadAnswer})
    @action(detail=False, methods=["get"], url_path="unread-count")
    def unread_count(self, request: UserRequest) -> Response:
        return answer(unread_count=Notification.objects.filter(user=request.user, read_at=None).count())

    @describe("Mark a notification as read", answers={200: NotificationAnswer})
    @action(detail=True, methods=["post"])
    def read(self, request: UserRequest, pk: str) -> Response:
        notification = services.read_notification(user=request.user, notification_id=pk)
        return answer(notification=NotificationPayload.model_validate(notification))

    @describe("Mark all one's notifications as read", answers={200: UpdatedAnswer})
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: UserRequest) -> Response:
        return answer(updated=services.read_all(user=request.user))

    @describe(
        "The log of one's own room: every notification event, as it was sent",
        answers={200: EventsAnswer},
        parameters=[
            parameter("after", "later than this `seq`", kind=NUMBER),
            LENGTH,
        ],
    )
    @action(detail=False, methods=["get"])
    def events(self, request: UserRequest) -> Response:
        return answer(**events_page(user_room(request.user.pk), request.query_params))
