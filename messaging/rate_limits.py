"""How much one user may send, over REST and sockets in total."""

from collections.abc import Sequence

from django.conf import settings

from accounts.models import User
from foundation.errors import RateLimited
from foundation.rate_limits import Bucket, check_rate_limit, check_rate_limits

SENDS = Bucket("sends", settings.SENDS_BURST, settings.SENDS_PER_SECOND)
OPENINGS = Bucket("openings", settings.OPENINGS_PER_HOUR, settings.OPENINGS_PER_HOUR / 3600)
UPLOADS = Bucket("uploads", settings.UPLOADS_PER_HOUR, settings.UPLOADS_PER_HOUR / 3600)


def check_user_limit(bucket: Bucket, user: User) -> None:
    """Count one request of a person. Raises `RateLimited`."""
    check_rate_limit(bucket, str(user.pk))


def check_user_limits(bucket: Bucket, users: Sequence[User]) -> list[RateLimited | None]:
    """As `check_user_limit` for one request of each user, in one round trip: the errors."""
    return check_rate_limits(bucket, [str(user.pk) for user in users])
