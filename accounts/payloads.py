"""Payloads of a user."""

from typing import Literal

from foundation.schemas import Id, Schema, Timestamp

RoleInMarketplace = Literal["influencer", "brand_owner", "system"]


class PersonPayload(Schema):
    """A user as other users see them."""

    id: Id
    name: str
    role: RoleInMarketplace


class UserPayload(Schema):
    """The current user's own account. Other users do not see the e-mail address."""

    id: Id
    email: str
    name: str
    role: RoleInMarketplace
    findable: bool
    created_at: Timestamp
