"""Letting clients in, to the server and to rooms: who they are, whether there are too many of them, where they come
from and what they have a right to. Those who come together are looked up together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from foundation.addresses import counted_as
from foundation.limits import Bucket, refuse_if_limited
from foundation.refusals import NotFound, RateLimited, Refusal
from realtime import recovery
from realtime.limits import CONNECTS_OF_ADDRESS, CONNECTS_OF_USER
from realtime.product import Identity, product
from realtime.recovery import Join, Recovered, Returning

Admitted = tuple[Identity, Recovered | None]


@dataclass(frozen=True)
class Arrival:
    """`auth` is the payload of the CONNECT packet, whatever a client put there."""

    auth: Any
    address: str

    @property
    def token(self) -> Any:
        return self.auth.get("token") if isinstance(self.auth, dict) else None


def admit(arrivals: Sequence[Arrival]) -> list[Admitted | Refusal]:
    """Who each client is and what it may have back, or why it is refused."""
    limited = [_over(CONNECTS_OF_ADDRESS, counted_as(one.address)) for one in arrivals]
    identities = product().authenticate([one.token for one in arrivals])
    checked = [
        refusal or (identity if isinstance(identity, Refusal) else _over(CONNECTS_OF_USER, str(identity.user.pk)))
        for refusal, identity in zip(limited, identities, strict=True)
    ]
    returning = [
        None if refusal else Returning.read(one.auth, identity.user.pk)
        for one, identity, refusal in zip(arrivals, identities, checked, strict=True)
    ]
    known = [one for one in returning if one is not None]
    found = iter(recovery.find(known, product().may_enter) if known else [])
    return [
        refusal or (identity, next(found) if one else None)
        for identity, refusal, one in zip(identities, checked, returning, strict=True)
    ]


def _over(bucket: Bucket, key: str) -> RateLimited | None:
    try:
        refuse_if_limited(bucket, key)
    except RateLimited as refusal:
        return refusal
    return None


def enter(joins: Sequence[Join]) -> list[NotFound | None]:
    """Record those who enter a room and may do so; the others are refused."""
    allowed = product().may_enter({(join.beginning.user_id, join.room) for join in joins})
    entering = [join for join in joins if (join.beginning.user_id, join.room) in allowed]
    if entering:
        recovery.store_joins(entering)
    return [None if (join.beginning.user_id, join.room) in allowed else NotFound() for join in joins]
