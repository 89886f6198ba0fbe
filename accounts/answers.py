"""What the account endpoints answer, beside `success`."""

from accounts.payloads import UserPayload
from foundation.inputs import Shape


class UserAnswer(Shape):
    user: UserPayload


class TokensAnswer(Shape):
    access: str
    refresh: str


class LoggedInAnswer(TokensAnswer):
    user: UserPayload


class DoneAnswer(Shape):
    """Nothing but `success`."""
