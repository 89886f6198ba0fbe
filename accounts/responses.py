"""What the account endpoints answer, beside `success`."""

from accounts.payloads import PersonPayload, UserPayload
from foundation.schemas import Shape


class UserAnswer(Shape):
    user: UserPayload


class TokensAnswer(Shape):
    access: str
    refresh: str


class LoggedInAnswer(TokensAnswer):
    user: UserPayload


class PeoplePage(Shape):
    results: list[PersonPayload]
    next: str | None
    previous: str | None


class DoneAnswer(Shape):
    """Nothing but `success`."""
