"""Every address of the site, but for the probes (`stoory.health`)."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from stoory import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("developers", pages.developers, name="developers"),
    path("sign-in", pages.sign_in, name="sign-in"),
    path("register", pages.register, name="register"),
    path("chat", pages.chat, name="chat"),
    path("chat/<uuid:conversation_id>", pages.chat, name="chat"),
    path("demo", pages.both_sides, name="demo"),
    path("texts.js", JavaScriptCatalog.as_view(), name="texts"),
    path("api/", include("accounts.urls")),
    path("api/", include("messaging.urls")),
    path("api/", include("notifications.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("chat/", RedirectView.as_view(pattern_name="chat")),
    path("chat/<uuid:conversation_id>/", RedirectView.as_view(pattern_name="chat")),
    path("demo/", RedirectView.as_view(pattern_name="demo")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    re_path("", pages.nothing_here),
]

handler400 = "stoory.pages.bad_request"
handler403 = "stoory.pages.forbidden"
handler404 = "stoory.pages.not_found"
handler500 = "stoory.pages.server_error"
