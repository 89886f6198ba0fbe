"""Rate limits of failed logins, registrations, searches for people, and REST requests."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import User
from foundation.addresses import rate_limit_key
from foundation.errors import RateLimited
from foundation.rate_limits import Bucket, check_rate_limit, give_back


def _per_minute(name: str, number: int) -> Bucket:
    return Bucket(name, number, number / 60)


FAILURES = _per_minute("login_failures", settings.LOGIN_FAILURES_PER_MINUTE)
FAILURES_OF_ADDRESS = _per_minute("login_failures_of_address", settings.LOGIN_FAILURES_PER_MINUTE_OF_ADDRESS)
REGISTRATIONS = _per_minute("registrations_of_address", settings.REGISTRATIONS_PER_MINUTE_OF_ADDRESS)
PEOPLE_SEARCHES = _per_minute("people_searches", settings.PEOPLE_SEARCHES_PER_MINUTE)
REQUESTS = Bucket("requests", settings.REQUESTS_BURST, settings.REQUESTS_PER_SECOND)


def _account_key(email: str, address: str) -> str:
    return f"{User.objects.normalize_email(email)} {rate_limit_key(address)}"


def count_login_attempt(email: str, address: str) -> None:
    """Count an attempt as failed before the password is checked, so that simultaneous guesses cannot all pass.

    Raises `RateLimited` after too many failures from this address, for this account or in total.
    """
    check_rate_limit(FAILURES, _account_key(email, address))
    try:
        check_rate_limit(FAILURES_OF_ADDRESS, rate_limit_key(address))
    except RateLimited:
        give_back(FAILURES, _account_key(email, address))
        raise


def forget_login_attempt(email: str, address: str) -> None:
    """Remove a successful attempt from the counts of failures."""
    if settings.RATE_LIMITS:
        give_back(FAILURES, _account_key(email, address))
        give_back(FAILURES_OF_ADDRESS, rate_limit_key(address))


def limit_registration(address: str) -> None:
    """Count a registration from this address. Raises `RateLimited`."""
    check_rate_limit(REGISTRATIONS, rate_limit_key(address))


def limit_people_search(user: User) -> None:
    """Count a search by this user. Raises `RateLimited`."""
    check_rate_limit(PEOPLE_SEARCHES, str(user.pk))


class RequestThrottle(BaseThrottle):
    """Limits all REST requests of one user. Each process counts by itself, because a call to Redis can cost as much as
    the request."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return True, or raise `RateLimited`. Endpoints without a login have their own limits."""
        if request.user is not None:
            check_rate_limit(REQUESTS, str(request.user.pk), shared=False)
        return True
