"""What can be done with an account. Tokens and sockets ask `authenticate_token` who they belong to."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts import tokens
from accounts.errors import NotAuthenticated, UserBlocked
from accounts.models import SYSTEM_USER_ID, LoginSession, User
from accounts.tokens import AccessToken, RefreshToken, Tokens
from foundation.clock import now
from foundation.database.batching import apply_to_valid
from foundation.database.bulk import fetch_many
from foundation.database.pipeline import pipelined
from foundation.errors import DomainError, Forbidden, Invalid, TokenInvalid, TokenRevoked

log = structlog.get_logger(__name__)

REUSE_GRACE = timedelta(seconds=10)
"""So long after its rotation a refresh token is merely refused: two tabs renewing at once are no theft."""

SESSION_RETENTION = timedelta(days=30)
"""So long after its expiry a login session is kept, for those who look into what happened."""


@dataclass(frozen=True)
class Identity:
    """Who a token belongs to, in which login session, until when."""

    user: User
    session_id: uuid.UUID
    expires_at: datetime


@dataclass(frozen=True)
class LoginResult:
    user: User
    session_id: uuid.UUID
    access: str
    refresh: str


def authenticate_token(token: Any) -> Identity:
    """Who an access token belongs to.

    Raises `TokenMissing`, `TokenInvalid`, `TokenExpired`, `UserBlocked`, or `TokenRevoked` when the login
    session has ended or the password is another one.
    """
    found = authenticate_tokens([token])[0]
    if isinstance(found, DomainError):
        raise found
    return found


def authenticate_tokens(tokens: Sequence[Any]) -> list[Identity | DomainError]:
    """As `authenticate_token` for many, in one query; each has its own result."""
    return apply_to_valid(_identify, [_read(token) for token in tokens])


def _identify(tokens: Sequence[AccessToken]) -> list[Identity | DomainError]:
    sessions = _sessions_of(tokens)
    return [_identified(token, sessions.get(token.session_id)) for token in tokens]


def _sessions_of(tokens: Sequence[AccessToken]) -> dict[uuid.UUID | None, LoginSession]:
    """The sessions that the tokens name, each with its user where a token names that one too."""
    session_ids, user_ids = ({getattr(token, name) for token in tokens} - {None} for name in ("session_id", "user_id"))
    with pipelined():
        sessions = fetch_many(LoginSession, by="id", among=session_ids, order_by="id")
        found = fetch_many(User, by="id", among=user_ids, order_by="id")
    users = {user.pk: user for user in found}
    known: dict[uuid.UUID | None, LoginSession] = {}
    for session in sessions:
        if session.user_id in users:
            session.user = users[session.user_id]
        if session.user_id in users or session.user_id not in user_ids:  # or else deleted in this moment
            known[session.pk] = session
    return known


def _read(token: Any) -> AccessToken | DomainError:
    try:
        return AccessToken.read(token)
    except DomainError as error:
        return error


def _identified(access: AccessToken, session: LoginSession | None) -> Identity | DomainError:
    try:
        session = _checked(session, access)
    except DomainError as error:
        return error
    return Identity(session.user, session.pk, access.expires_at)


def _find_session(token: AccessToken | RefreshToken, *, lock: bool = False) -> LoginSession | None:
    if token.session_id is None:
        return None
    sessions = LoginSession.objects.select_related("user").filter(pk=token.session_id)
    return (sessions.select_for_update(of=("self",)) if lock else sessions).first()


def _checked(session: LoginSession | None, token: AccessToken | RefreshToken) -> LoginSession:
    if session is None:
        raise TokenInvalid
    if not token.is_of(session.user_id):
        raise TokenRevoked
    if not session.user.may_log_in:
        raise UserBlocked
    if session.has_ended:
        raise TokenRevoked
    return session


def register(*, email: str, password: str, name: str, role: str) -> LoginResult:
    """Create a user and log them in. Raises `Invalid` for a weak password or a taken address."""
    user = User(email=User.objects.normalize_email(email), name=name, role=role)
    _require_good_password(password, user, field="password")
    user.set_password(password)  # before the transaction: it takes a while on purpose
    with transaction.atomic():
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:
            raise Invalid(errors={"email": ["There is an account with this address."]}) from None
        log.info("registered", user_id=str(user.pk), role=role)
        return _begin_session(user)


def log_in(*, email: str, password: str) -> LoginResult:
    """Begin a login session. Raises `NotAuthenticated` for a wrong address or password alike, in about the
    same time, and `UserBlocked` to those who know the password."""
    try:
        user = User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        User().set_password(password)
        raise NotAuthenticated from None
    if not user.check_password(password):
        log.info("login_failed", user_id=str(user.pk))
        raise NotAuthenticated
    if not user.may_log_in:
        raise UserBlocked
    return _begin_session(user)


@transaction.atomic
def _begin_session(user: User) -> LoginResult:
    session = LoginSession.of(user)
    pair = tokens.issue(session)
    log.info("logged_in", user_id=str(user.pk), session_id=str(session.pk))
    return LoginResult(user, session.pk, *pair)


def refresh(*, refresh: str) -> Tokens:
    """A new pair of tokens for a refresh token, which is used up by it.

    A used one that comes back was copied: whoever sends it, its login session ends (RFC 9700, 4.14.2).
    Raises the same errors as `authenticate_token`.
    """
    token = RefreshToken.read(refresh)
    pair = _rotate(token)
    if pair is None:
        raise TokenRevoked("This refresh token was used before; its login session has been ended.")
    return pair


@transaction.atomic
def _rotate(token: RefreshToken) -> Tokens | None:
    """None, with the session ended, when the token was rotated before."""
    session = _checked(_find_session(token, lock=True), token)
    listed = OutstandingToken.objects.select_related("blacklistedtoken").filter(jti=token["jti"]).first()
    if listed is None:
        raise TokenInvalid
    used = getattr(listed, "blacklistedtoken", None)
    if used is None:
        BlacklistedToken.objects.create(token=listed)
        return tokens.issue(session)
    if now() - used.blacklisted_at < REUSE_GRACE:
        raise TokenInvalid("This refresh token has just been used.")
    log.warning("refresh_token_reused", user_id=str(session.user_id), session_id=str(session.pk))
    LoginSession.objects.filter(pk=session.pk).end_of(session.user_id, "refresh_token_reused")
    return None


def log_out(*, refresh: str, everywhere: bool = False) -> None:
    """End the login session of a refresh token, or all of its user's. One that has ended stays ended."""
    session = _find_session(RefreshToken.read(refresh))
    if session is None:
        raise TokenInvalid
    if session.ended_at is not None:
        return
    if everywhere:
        end_all_sessions(user=session.user, reason="logged_out_everywhere")
    else:
        LoginSession.objects.filter(pk=session.pk).end_of(session.user_id, "logged_out")


def end_all_sessions(*, user: User, reason: str) -> None:
    """Every login session of a user ends: their tokens at once, their sockets within a second."""
    LoginSession.objects.end_of(user.pk, reason)


def change_password(*, user: User, current_password: str, new_password: str, session_id: uuid.UUID) -> LoginResult:
    """Set another password. Every login session ends with the old one, and a new one begins for who changed it.

    Raises `Invalid` for a wrong current password or a weak new one.
    """
    if not user.check_password(current_password):
        raise Invalid(errors={"current_password": ["This is not the current password."]})
    _require_good_password(new_password, user, field="new_password")
    user.set_password(new_password)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not LoginSession.objects.live().filter(pk=session_id).exists():
            raise TokenRevoked
        user.save(update_fields=["password"])
        return _begin_session(user)


def update_account(*, user: User, findable: bool | None) -> None:
    """Change one's own account; None leaves a field as it is."""
    if findable is not None:
        user.findable = findable
        user.save(update_fields=["findable"])


def block(*, user: User) -> None:
    """Keep a user out: no login, no token, no socket. Raises `Forbidden` for the system user."""
    _set_blocked(user, True)


def unblock(*, user: User) -> None:
    """Let a blocked user log in again; the sessions that the block ended stay ended."""
    _set_blocked(user, False)


def _set_blocked(user: User, blocked: bool) -> None:
    if user.pk == SYSTEM_USER_ID:
        raise Forbidden
    user.is_blocked = blocked
    user.save(update_fields=["is_blocked"])
    log.info("blocked" if blocked else "unblocked", user_id=str(user.pk))


def _require_good_password(password: str, user: User, *, field: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(errors={field: error.messages}) from None


@transaction.atomic
def forget_old_sessions() -> int:
    """Delete expired refresh tokens, and login sessions `SESSION_RETENTION` after their expiry. Returns how many."""
    tokens_gone, _ = OutstandingToken.objects.filter(expires_at__lte=now()).delete()
    sessions_gone, _ = LoginSession.objects.filter(expires_at__lte=now() - SESSION_RETENTION).delete()
    return tokens_gone + sessions_gone
