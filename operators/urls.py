from rest_framework.routers import SimpleRouter

from operators.api import InterventionViewSet

router = SimpleRouter(trailing_slash=False)
router.register("conversations", InterventionViewSet, basename="intervention")

urlpatterns = router.urls
