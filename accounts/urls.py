"""Addresses under `/api/`."""

from django.urls import path

from accounts.api import DoorViewSet, OwnAccountViewSet, PeopleViewSet

urlpatterns = [
    path("auth/register", DoorViewSet.as_view({"post": "register"}), name="register"),
    path("auth/token", DoorViewSet.as_view({"post": "log_in"}), name="log-in"),
    path("auth/token/refresh", DoorViewSet.as_view({"post": "refresh"}), name="refresh"),
    path("auth/logout", DoorViewSet.as_view({"post": "log_out"}), name="log-out"),
    path("auth/me", OwnAccountViewSet.as_view({"get": "me", "patch": "update_me"}), name="me"),
    path("auth/password", OwnAccountViewSet.as_view({"post": "change_password"}), name="change-password"),
    path("people", PeopleViewSet.as_view({"get": "list"}), name="people"),
]
