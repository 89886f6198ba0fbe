"""JSON Web Tokens (RFC 7519) of a login session: an access token, and the refresh token that renews it.

Their lifetimes are the settings `ACCESS_TOKEN_MINUTES` and `REFRESH_TOKEN_DAYS`.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

import jwt
from django.conf import settings
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken as BaseAccessToken
from rest_framework_simplejwt.tokens import RefreshToken as BaseRefreshToken
from rest_framework_simplejwt.tokens import Token
from rest_framework_simplejwt.utils import datetime_from_epoch

from accounts.errors import TokenExpired
from accounts.models import LoginSession
from foundation.clock import now
from foundation.errors import TokenInvalid, TokenMissing
from foundation.ids import parse_id

SESSION_CLAIM = "session"
ACCESS_TOKEN_IDS = uuid.UUID("5b1f3d7c-4a52-4c1b-9c0e-0d6f0f3a8e21")
"""The namespace in which the id of a refresh token gives the id of its access token (UUID version 5)."""


class Tokens(NamedTuple):
    access: str
    refresh: str


class _SessionToken(Token):
    """A token of a login session, issued and checked by the project's clock."""

    lifetime: timedelta

    def __init__(self, token: Any = None, verify: bool = True) -> None:
        super().__init__(token, verify)
        self.current_time = now()
        if token is None:
            self.set_exp(from_time=self.current_time, lifetime=self.lifetime)

    def set_iat(self, claim: str = "iat", at_time: datetime | None = None) -> None:
        """Set no `iat`, because PyJWT rejects the `iat` of a machine whose clock is a little ahead."""

    def check_exp(self, claim: str = "exp", current_time: datetime | None = None) -> None:
        super().check_exp(claim, current_time)
        if self.expires_at <= now():
            raise ExpiredTokenError

    @property
    def expires_at(self) -> datetime:
        return datetime_from_epoch(self["exp"])

    @property
    def session_id(self) -> uuid.UUID | None:
        return parse_id(self.get(SESSION_CLAIM))

    @property
    def user_id(self) -> uuid.UUID | None:
        return parse_id(self.get(api_settings.USER_ID_CLAIM))

    def is_of(self, user_id: uuid.UUID) -> bool:
        """Whether the token was issued to this user."""
        return self.get(api_settings.USER_ID_CLAIM) == str(user_id)

    @classmethod
    def read(cls, encoded: object) -> Self:
        """Decode a token, and check its signature, algorithm, issuer, audience, type and expiry. Raises
        `TokenMissing`, `TokenInvalid` or `TokenExpired`."""
        if encoded is None or encoded == "":
            raise TokenMissing
        if not isinstance(encoded, str):
            raise TokenInvalid
        try:
            return cls(encoded)
        except ExpiredTokenError:
            raise TokenExpired from None
        except (TokenError, ValueError):  # a lone surrogate raises ValueError
            raise TokenInvalid from None


class AccessToken(_SessionToken, BaseAccessToken):
    pass


class RefreshToken(_SessionToken, BaseRefreshToken):  # type: ignore[misc]  # a mixin of a package that is not installed
    access_token_class = AccessToken

    @property
    def id(self) -> str:
        return str(self.get(api_settings.JTI_CLAIM, ""))

    @classmethod
    def of(cls, session: LoginSession) -> Self:
        """Return the refresh token of a session that was issued last."""
        assert session.refreshed_at is not None
        token = cls()
        token[api_settings.JTI_CLAIM] = session.refresh_id
        token[api_settings.USER_ID_CLAIM] = str(session.user_id)
        token[SESSION_CLAIM] = str(session.pk)
        token.current_time = session.refreshed_at
        token.set_exp(from_time=session.refreshed_at, lifetime=token.lifetime)
        return token


def owner_of(access: str | None) -> uuid.UUID | None:
    """Return the id of the user to whom an access token was issued, even if it has expired or its login session has
    ended. Return None without a token, or if this server did not sign it."""
    try:
        claims = jwt.decode(
            access or "",
            settings.SIMPLE_JWT["SIGNING_KEY"],
            algorithms=[settings.SIMPLE_JWT["ALGORITHM"]],
            audience=settings.SIMPLE_JWT["AUDIENCE"],
            issuer=settings.SIMPLE_JWT["ISSUER"],
            options={"verify_exp": False},
        )
    except (jwt.PyJWTError, ValueError):
        return None
    is_access = claims.get(api_settings.TOKEN_TYPE_CLAIM) == AccessToken.token_type
    return parse_id(claims.get(api_settings.USER_ID_CLAIM)) if is_access else None


def issue(session: LoginSession, *, replaced: str = "") -> Tokens:
    """Return a new pair of tokens, store their id in the session, and extend the session to their expiry.

    `replaced` is the id of the refresh token that the new refresh token replaces. Call it in a transaction that holds
    the lock of the session.
    """
    session.previous_refresh_id, session.refresh_id = replaced, uuid.uuid4().hex
    session.refreshed_at = now()
    refresh = RefreshToken.of(session)
    session.expires_at = refresh.expires_at
    session.save()
    return _pair(refresh)


def current_pair(session: LoginSession) -> Tokens:
    """Return the pair of tokens that was issued last. The pair is made again from the stored ids, which nobody can use
    without the signing key."""
    return _pair(RefreshToken.of(session))


def _pair(refresh: RefreshToken) -> Tokens:
    access = refresh.access_token
    access[api_settings.JTI_CLAIM] = uuid.uuid5(ACCESS_TOKEN_IDS, refresh.id).hex
    return Tokens(access=str(access), refresh=str(refresh))
