"""The session login of the admin; the API has tokens."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User
from accounts.rate_limits import count_login_attempt, forget_login_attempt
from foundation.addresses import client_address
from foundation.errors import RateLimited


class AccountBackend(ModelBackend):
    """Blocked users stay out, and failures count as they do for the API."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        email = username or credentials.get(User.USERNAME_FIELD) or ""
        address = client_address(request) if request else ""
        try:
            count_login_attempt(email, address)
        except RateLimited:
            # To the form this is one more failure: it does not show that the right password came too late.
            raise PermissionDenied from None
        user = super().authenticate(request, username=username, password=password, **credentials)
        if user is not None:
            forget_login_attempt(email, address)
        return user

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return isinstance(user, User) and user.may_log_in
