"""Routes under `/api/`."""

from django.urls import path

from accounts.api import AuthViewSet, OwnAccountViewSet, PeopleViewSet

urlpatterns = [
    path("auth/register", AuthViewSet.as_view({"post": "register"}), name="register"),
    path("auth/token", AuthViewSet.as_view({"post": "log_in"}), name="log-in"),
    path("auth/token/refresh", AuthViewSet.as_view({"post": "refresh"}), name="refresh"),
    path("auth/logout", AuthViewSet.as_view({"post": "log_out"}), name="log-out"),
    path("auth/me", OwnAccountViewSet.as_view({"get": "me", "patch": "update_me"}), name="me"),
    path("auth/password", OwnAccountViewSet.as_view({"post": "change_password"}), name="change-password"),
    path("people", PeopleViewSet.as_view({"get": "list"}), name="people"),
]
