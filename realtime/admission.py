"""Letting clients in, to the server and to rooms: who they are, whether there are too many of them, where they come
from and what they have a right to. Those who come together are looked up together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from foundation.addresses import counted_as
from foundation.errors import NotFound, Refusal
from foundation.rate_limits import limited_together
from realtime import recovery
from realtime.hooks import Identity, product
from realtime.rate_limits import CONNECTS_OF_ADDRESS, CONNECTS_OF_USER
from realtime.recovery import Join, Recovered, Returning

APART = 0.01
"""Seconds from one batch of those who come to the next. Where a crowd comes, each costs something by itself."""

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
    limited = limited_together(CONNECTS_OF_ADDRESS, [counted_as(one.address) for one in arrivals])
    identities = product().authenticate([one.token for one in arrivals])
    checked = _within_limits([refusal or one for refusal, one in zip(limited, identities, strict=True)])
    returning = [
        None if isinstance(one, Refusal) else Returning.read(arrival.auth, one.user.pk)
        for arrival, one in zip(arrivals, checked, strict=True)
    ]
    known = [one for one in returning if one is not None]
    found = iter(recovery.find(known, product().may_enter) if known else [])
    return [
        one if isinstance(one, Refusal) else (one, next(found) if back else None)
        for one, back in zip(checked, returning, strict=True)
    ]


def _within_limits(identities: Sequence[Identity | Refusal]) -> list[Identity | Refusal]:
    users = [str(one.user.pk) for one in identities if not isinstance(one, Refusal)]
    refusals = iter(limited_together(CONNECTS_OF_USER, users))
    return [one if isinstance(one, Refusal) else next(refusals) or one for one in identities]


def enter(joins: Sequence[Join]) -> list[NotFound | None]:
    """Record those who enter a room and may do so; the others are refused."""
    allowed = product().may_enter({(join.beginning.user_id, join.room) for join in joins})
    entering = [join for join in joins if (join.beginning.user_id, join.room) in allowed]
    if entering:
        recovery.store_joins(entering)
    return [None if (join.beginning.user_id, join.room) in allowed else NotFound() for join in joins]
