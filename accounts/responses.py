"""Response schemas of the account endpoints. Every response also has the member `success`."""

from accounts.payloads import PersonPayload, UserPayload
from foundation.schemas import Schema


class UserResponse(Schema):
    user: UserPayload


class TokensResponse(Schema):
    access: str
    refresh: str


class LoginResponse(TokensResponse):
    user: UserPayload


class PeoplePage(Schema):
    results: list[PersonPayload]
    next: str | None
    previous: str | None


class EmptyResponse(Schema):
    """A response with no members except `success`."""
