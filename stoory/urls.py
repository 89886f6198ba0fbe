"""All routes of the site, except the probes (`stoory.health`).

Pages, the API and the admin have separate namespaces, so that a page and a resource can have the same name.
"""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from stoory import pages

site_pages = [
    path("", pages.home, name="home"),
    path("developers", pages.developers, name="developers"),
    path("sign-in", pages.sign_in, name="sign-in"),
    path("register", pages.register, name="register"),
    path("chat", pages.chat, name="chat"),
    path("chat/<uuid:conversation_id>", pages.chat, name="chat"),
    path("chat/<uuid:conversation_id>/receipt", pages.receipt, name="receipt"),
    path("demo", pages.demo_page, name="demo"),
    path("texts.js", JavaScriptCatalog.as_view(), name="texts"),
]

api: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("messaging.urls")),
    path("", include("deals.urls")),
    path("", include("notifications.urls")),
    path("", include("operators.urls")),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]

urlpatterns = [
    path("", include((site_pages, "pages"))),
    path("api/", include((api, "api"))),
    re_path("^api(?:/|$)", pages.unknown_api_address),
    path("chat/", RedirectView.as_view(pattern_name="pages:chat")),
    path("chat/<uuid:conversation_id>/", RedirectView.as_view(pattern_name="pages:chat")),
    path("chat/<uuid:conversation_id>/receipt/", RedirectView.as_view(pattern_name="pages:receipt")),
    path("demo/", RedirectView.as_view(pattern_name="pages:demo")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]

handler400 = "stoory.pages.bad_request"
handler403 = "stoory.pages.forbidden"
handler404 = "stoory.pages.not_found"
handler500 = "stoory.pages.server_error"
