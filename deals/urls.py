from rest_framework.routers import SimpleRouter

from deals.api import ConversationViewSet, DealViewSet
from deals.payments.api import PaymentViewSet
from deals.receipts.api import ReceiptViewSet

router = SimpleRouter(trailing_slash=False)
router.register("conversations", ConversationViewSet, basename="conversation")
router.register("conversations", DealViewSet, basename="deal")
router.register("conversations", ReceiptViewSet, basename="receipt")
router.register("payments", PaymentViewSet, basename="payment")

urlpatterns = router.urls
