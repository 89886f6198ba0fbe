"""Login to the admin by password and cookie. The API uses tokens instead."""

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
    """Rejects blocked users. Failed logins count against the same rate limits as in the API."""

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
            # The form shows the same error as for a wrong password, so it does not reveal a correct password.
            raise PermissionDenied from None
        user = super().authenticate(request, username=username, password=password, **credentials)
        if user is not None:
            forget_login_attempt(email, address)
        return user

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return isinstance(user, User) and user.may_log_in
