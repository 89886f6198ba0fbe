"""Errors of logins, tokens and accounts."""

from foundation.errors import DomainError


class NotAuthenticated(DomainError):
    code, status = "not_authenticated", 401
    default_message = "Wrong e-mail or password."


class TokenExpired(DomainError):
    code, status = "token_expired", 401
    default_message = "The token has expired."


class UserBlocked(DomainError):
    code, status = "user_blocked", 403
    default_message = "This account is blocked."
