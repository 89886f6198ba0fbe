"""How often a login may fail, and how many accounts one address may open."""

from django.conf import settings

from accounts.models import User
from foundation.addresses import counted_as
from foundation.limits import Bucket, give_back, refuse_if_limited
from foundation.refusals import RateLimited


def _a_minute(name: str, number: int) -> Bucket:
    return Bucket(name, number, number / 60)


FAILURES = _a_minute("login_failures", settings.LOGIN_FAILURES_PER_MINUTE)
FAILURES_OF_ADDRESS = _a_minute("login_failures_of_address", settings.LOGIN_FAILURES_PER_MINUTE_OF_ADDRESS)
REGISTRATIONS = _a_minute("registrations_of_address", settings.REGISTRATIONS_PER_MINUTE_OF_ADDRESS)


def _account_there(email: str, address: str) -> str:
    return f"{User.objects.normalize_email(email)} {counted_as(address)}"


def begin_login(email: str, address: str) -> None:
    """Count an attempt as failed before the password is looked at: guesses made at once must not all pass.

    Raises `RateLimited` for an account tried from this address too often, or an address that tries too much.
    """
    refuse_if_limited(FAILURES, _account_there(email, address))
    try:
        refuse_if_limited(FAILURES_OF_ADDRESS, counted_as(address))
    except RateLimited:
        give_back(FAILURES, _account_there(email, address))
        raise


def forgive_login(email: str, address: str) -> None:
    """The attempt succeeded, so it does not count."""
    if settings.RATE_LIMITS:
        give_back(FAILURES, _account_there(email, address))
        give_back(FAILURES_OF_ADDRESS, counted_as(address))


def limit_registration(address: str) -> None:
    """Raises `RateLimited`."""
    refuse_if_limited(REGISTRATIONS, counted_as(address))
