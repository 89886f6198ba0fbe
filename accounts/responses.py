"""What the account endpoints answer, beside `success`."""

from accounts.payloads import PersonPayload, UserPayload
from foundation.schemas import Schema


class UserAnswer(Schema):
    user: UserPayload


class TokensAnswer(Schema):
    access: str
    refresh: str


class LoggedInAnswer(TokensAnswer):
    user: UserPayload


class PeoplePage(Schema):
    results: list[PersonPayload]
    next: str | None
    previous: str | None


class DoneAnswer(Schema):
    """Nothing but `success`."""
