"""Payloads of a user."""

from foundation.schemas import Id, Schema, Timestamp


class PersonPayload(Schema):
    """A user as other users see them."""

    id: Id
    name: str
    role: str


class UserPayload(Schema):
    """The current user's own account. Other users do not see the e-mail address."""

    id: Id
    email: str
    name: str
    role: str
    findable: bool
    created_at: Timestamp
