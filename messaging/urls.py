from rest_framework.routers import SimpleRouter

from messaging.api import ConversationViewSet, MessageViewSet

router = SimpleRouter(trailing_slash=False)
router.register("messages", MessageViewSet, basename="message")
router.register("conversations", ConversationViewSet, basename="conversation")

urlpatterns = router.urls
