"""Errors of logging in, of tokens and of accounts."""

from foundation.errors import Refusal


class NotAuthenticated(Refusal):
    code, status = "not_authenticated", 401
    default_message = "Wrong e-mail or password."


class TokenExpired(Refusal):
    code, status = "token_expired", 401
    default_message = "The token has expired."


class UserBlocked(Refusal):
    code, status = "user_blocked", 403
    default_message = "This account is blocked."
