"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from stoory import health, pages

# Sessions are looked at and ended where the user is; single tokens are nobody's business.
admin.site.unregister([BlacklistedToken, OutstandingToken])

urlpatterns = [
    path("", pages.home, name="home"),
    path("api/", include("accounts.urls")),
    path("api/", include("messaging.urls")),
    path("api/", include("notifications.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
]

handler400 = "stoory.pages.bad_request"
handler403 = "stoory.pages.forbidden"
handler404 = "stoory.pages.not_found"
handler500 = "stoory.pages.server_error"
