"""Services of accounts. REST uses `authenticate_token`, Socket.IO `authenticate_tokens`, to identify a user."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import metrics, tokens
from accounts.allowed_names import require_allowed_name
from accounts.errors import NotAuthenticated, UserBlocked
from accounts.models import SYSTEM_USER_ID, LoginSession, User
from accounts.tokens import AccessToken, RefreshToken, Tokens
from foundation.clock import now
from foundation.database.batched_deletes import batch, delete_in_batches
from foundation.database.batching import apply_to_valid
from foundation.database.bulk import fetch_many
from foundation.database.pipeline import pipelined
from foundation.errors import DomainError, Forbidden, Invalid, TokenInvalid, TokenRevoked

log = structlog.get_logger(__name__)

SESSION_RETENTION = timedelta(days=30)
"""How long a login session is kept after its expiry, for investigations."""


@dataclass(frozen=True)
class Identity:
    """The user and the login session of an access token, and when the token expires."""

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
    """Return the identity of an access token.

    Raises `TokenMissing`, `TokenInvalid`, `TokenExpired`, `UserBlocked`, or `TokenRevoked` if the login
    session has ended or the password has changed.
    """
    found = authenticate_tokens([token])[0]
    if isinstance(found, DomainError):
        raise found
    return found


def authenticate_tokens(tokens: Sequence[Any]) -> list[Identity | DomainError]:
    """Authenticate many access tokens at once. Returns an identity or an error for each token, in their order."""
    return apply_to_valid(_identify, [_read(token) for token in tokens])


def _identify(tokens: Sequence[AccessToken]) -> list[Identity | DomainError]:
    sessions = _sessions_of(tokens)
    return [_identified(token, sessions.get(token.session_id)) for token in tokens]


def _sessions_of(tokens: Sequence[AccessToken]) -> dict[uuid.UUID | None, LoginSession]:
    """Return the login sessions of the tokens by id, with the users that the tokens name already loaded."""
    session_ids, user_ids = ({getattr(token, name) for token in tokens} - {None} for name in ("session_id", "user_id"))
    with pipelined():
        sessions = fetch_many(LoginSession, by="id", among=session_ids, order_by="id")
        found = fetch_many(User, by="id", among=user_ids, order_by="id")
    users = {user.pk: user for user in found}
    known: dict[uuid.UUID | None, LoginSession] = {}
    for session in sessions:
        if session.user_id in users:
            session.user = users[session.user_id]
        if session.user_id in users or session.user_id not in user_ids:  # otherwise the user was just deleted
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
    """Create a user and log them in. Raises `Invalid` for a weak password, an address already in use, or a name that
    nobody can take."""
    require_allowed_name(name)
    user = User(email=User.objects.normalize_email(email), name=name, role=role)
    _require_good_password(password, user, field="password")
    user.set_password(password)  # before the transaction, because hashing is slow on purpose
    with transaction.atomic():
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:
            raise Invalid(errors={"email": ["An account with this address already exists."]}) from None
        log.info("registered", user_id=str(user.pk), role=role)
        return _begin_session(user)


def log_in(*, email: str, password: str) -> LoginResult:
    """Begin a login session.

    Raises `NotAuthenticated` for an unknown address or a wrong password; both take about the same time. Raises
    `UserBlocked` only if the password is correct.
    """
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


def refresh(*, refresh: str, address: str = "") -> Tokens:
    """Use up a refresh token, and return a new pair of tokens.

    The answer can be lost on its way, and two tabs can renew their tokens at the same time. Therefore, for
    `REFRESH_GRACE_SECONDS` a used token is answered with the same pair again. After that, and once the new refresh
    token has been used itself, the used token was probably copied, and its login session ends (RFC 9700, section
    4.14.2). `address` is the client's address, for the log. Raises the same errors as `authenticate_token`.
    """
    token = RefreshToken.read(refresh)
    session, pair = _renew(token)
    if pair is not None:
        return pair
    log.warning(
        "refresh_token_reused", client_address=address, user_id=str(session.user_id), session_id=str(session.pk)
    )
    # After the transaction that locked the session, because users are locked before sessions.
    LoginSession.objects.filter(pk=session.pk).end_of(session.user_id, "refresh_token_reused")
    raise TokenRevoked("This refresh token was used before; its login session has been ended.")


@transaction.atomic
def _renew(token: RefreshToken) -> tuple[LoginSession, Tokens | None]:
    """Return the login session of a refresh token, and the pair of tokens that follows the token. The pair is None if
    the token was used before."""
    session = _checked(_find_session(token, lock=True), token)
    if _is_current(token, session):
        metrics.refreshes.labels("rotated").inc()
        return session, tokens.issue(session, replaced=token.id)
    if _is_in_grace(token, session):
        metrics.refreshes.labels("repeated").inc()
        return session, tokens.current_pair(session)
    metrics.refreshes.labels("reused").inc()
    return session, None


def _is_current(token: RefreshToken, session: LoginSession) -> bool:
    """Whether a token is the newest refresh token of its session. A session of the release before this one knows no
    id, but expires together with its newest token."""
    if session.refresh_id:
        return token.id == session.refresh_id
    return token.expires_at == session.expires_at


def _is_in_grace(token: RefreshToken, session: LoginSession) -> bool:
    if session.refreshed_at is None or token.id != session.previous_refresh_id:
        return False
    return now() - session.refreshed_at < settings.REFRESH_GRACE


def log_out(*, refresh: str, everywhere: bool = False, access: str | None = None) -> None:
    """End the login session of a refresh token, or all sessions of its user. Does nothing if the session has ended.

    Without an access token, the refresh token is enough. Raises `TokenMissing`, `TokenInvalid` or `TokenExpired` for
    the refresh token, and `Forbidden` if the access token belongs to another user.
    """
    session = _find_session(RefreshToken.read(refresh))
    if session is None:
        raise TokenInvalid
    if tokens.owner_of(access) not in {None, session.user_id}:
        raise Forbidden("The access token belongs to another user.")
    if session.ended_at is not None:
        return
    if everywhere:
        end_all_sessions(user=session.user, reason="logged_out_everywhere")
    else:
        LoginSession.objects.filter(pk=session.pk).end_of(session.user_id, "logged_out")


def end_all_sessions(*, user: User, reason: str) -> None:
    """End every login session of a user. Tokens become invalid at once; sockets close within a second."""
    LoginSession.objects.end_of(user.pk, reason)


def change_password(*, user: User, current_password: str, new_password: str, session_id: uuid.UUID) -> LoginResult:
    """Set a new password, end every login session of the user, and begin a new session.

    Raises `Invalid` for a wrong current password or a weak new password, and `TokenRevoked` if the session
    `session_id` has ended.
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


def update_account(*, user: User, name: str | None = None, findable: bool | None = None) -> None:
    """Change the user's account; None leaves a field unchanged. Raises `Invalid` for a name that nobody can take."""
    changes = {"name": name, "findable": findable}
    changed = [field for field, value in changes.items() if value is not None and value != getattr(user, field)]
    if "name" in changed:
        require_allowed_name(str(name))
    for field in changed:
        setattr(user, field, changes[field])
    if changed:
        user.save(update_fields=changed)


def block(*, user: User) -> None:
    """Block a user: logins fail, and tokens and sockets end. Raises `Forbidden` for the system user."""
    _set_blocked(user, True)


def unblock(*, user: User) -> None:
    """Let a blocked user log in again. Sessions that the block ended stay ended."""
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


def forget_old_sessions() -> int:
    """Delete login sessions that expired more than `SESSION_RETENTION` ago. Returns the number of deleted rows."""
    return delete_in_batches(_delete_old_sessions)


def _delete_old_sessions(limit: int) -> int:
    old = LoginSession.objects.filter(expires_at__lte=now() - SESSION_RETENTION).order_by("pk")
    found = list(old.values_list("pk", flat=True)[:limit])
    with batch():
        return LoginSession.objects.filter(pk__in=found).delete()[0]
