"""Payloads of a user."""

from foundation.schemas import Id, Schema, Timestamp


class PersonPayload(Schema):
    """A user as others see them."""

    id: Id
    name: str
    role: str


class UserPayload(Schema):
    """A user as they see themselves; the e-mail address is shown to nobody else."""

    id: Id
    email: str
    name: str
    role: str
    findable: bool
    created_at: Timestamp
