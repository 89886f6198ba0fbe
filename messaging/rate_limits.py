"""Rate limits of one user, for REST and Socket.IO together."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.conf import settings

from accounts.models import User
from foundation.errors import RateLimited
from foundation.rate_limits import Bucket, check_rate_limit, check_rate_limits

T = TypeVar("T")

SENDS = Bucket("sends", settings.SENDS_BURST, settings.SENDS_PER_SECOND)
OPENINGS = Bucket("openings", settings.OPENINGS_PER_HOUR, settings.OPENINGS_PER_HOUR / 3600)
UPLOADS = Bucket("uploads", settings.UPLOADS_PER_HOUR, settings.UPLOADS_PER_HOUR / 3600)


def check_user_limit(bucket: Bucket, user: User) -> None:
    """Count one request of a user. Raises `RateLimited`."""
    check_rate_limit(bucket, str(user.pk))


def check_user_limits(bucket: Bucket, items: Sequence[T], user: Callable[[T], User]) -> list[T | RateLimited]:
    """Count one request for each item, by the user that `user` returns for it.

    Returns the items; the error replaces each item whose user is over the limit.
    """
    return check_rate_limits(bucket, items, lambda one: str(user(one).pk))
