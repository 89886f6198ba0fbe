from rest_framework.routers import SimpleRouter

from messaging.api import ConversationViewSet, MessageViewSet
from messaging.deal_api import DealViewSet
from messaging.payment_api import PaymentViewSet
from messaging.upload_api import UploadViewSet

router = SimpleRouter(trailing_slash=False)
router.register("messages", MessageViewSet, basename="message")
router.register("conversations", ConversationViewSet, basename="conversation")
router.register("conversations", DealViewSet, basename="deal")
router.register("payments", PaymentViewSet, basename="payment")
router.register("uploads", UploadViewSet, basename="upload")

urlpatterns = router.urls
