from rest_framework.routers import SimpleRouter

from messaging.api import ConversationViewSet, MessageViewSet
from messaging.payment_api import PaymentViewSet

router = SimpleRouter(trailing_slash=False)
router.register("messages", MessageViewSet, basename="message")
router.register("conversations", ConversationViewSet, basename="conversation")
router.register("payments", PaymentViewSet, basename="payment")

urlpatterns = router.urls
