"""Routes of messages and uploads. `deals.urls` has the routes of conversations, because `deals` extends their view
set."""

from typing import Any

from django.urls import path
from rest_framework.routers import SimpleRouter

from messaging.message_api import MessageViewSet
from messaging.uploads.api import UploadViewSet
from messaging.uploads.resumable_api import ResumableUploadViewSet

router = SimpleRouter(trailing_slash=False)
router.register("messages", MessageViewSet, basename="message")
router.register("uploads", UploadViewSet, basename="upload")

# The routers of DRF have no routes for HEAD and OPTIONS, which tus needs.
_creation: dict[str, Any] = {"post": "create", "options": "capabilities"}
_upload: dict[str, Any] = {
    "head": "status",
    "patch": "partial_update",
    "delete": "destroy",
    "options": "capabilities",
}

urlpatterns = [
    path("uploads/resumable", ResumableUploadViewSet.as_view(_creation)),
    path("uploads/resumable/<str:pk>", ResumableUploadViewSet.as_view(_upload)),
    *router.urls,
]
