"""Letting clients in: who they are, whether there are too many of them, and where they come from; those who come
together are looked up together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from foundation.addresses import counted_as
from foundation.limits import Bucket, refuse_if_limited
from foundation.refusals import RateLimited, Refusal
from realtime import recovery
from realtime.limits import CONNECTS_OF_ADDRESS, CONNECTS_OF_USER
from realtime.product import Identity, product
from realtime.recovery import Recovered, Returning

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
