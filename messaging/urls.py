"""Conversations are served by `deals.urls`, whose view set adds opening them to that of this package."""

from rest_framework.routers import SimpleRouter

from messaging.message_api import MessageViewSet
from messaging.uploads.api import UploadViewSet

router = SimpleRouter(trailing_slash=False)
router.register("messages", MessageViewSet, basename="message")
router.register("uploads", UploadViewSet, basename="upload")

urlpatterns = router.urls
