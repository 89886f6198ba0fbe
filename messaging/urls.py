"""Routes of messages and uploads. `deals.urls` has the routes of conversations, because `deals` extends their view
set."""

from rest_framework.routers import SimpleRouter

from messaging.message_api import MessageViewSet
from messaging.uploads.api import UploadViewSet

router = SimpleRouter(trailing_slash=False)
router.register("messages", MessageViewSet, basename="message")
router.register("uploads", UploadViewSet, basename="upload")

urlpatterns = router.urls
