"""The check whether a user can send a large file, before the file is received."""

from django.conf import settings

from accounts.authentication import token_in
from accounts.services import authenticate_token
from messaging.uploads.quota import check_quota


def check_upload(*, authorization: str, size: int) -> None:
    """Check whether the user of an `Authorization` header has space for a body of `size` bytes, which contains little
    but the file.

    Raises the errors of `authenticate_token`, and `QuotaExceeded`.
    """
    user = authenticate_token(token_in(authorization)).user
    check_quota(user, max(0, size - settings.MAX_JSON_BODY))
