"""Admission of clients to the server and to rooms: authentication, rate limits, recovery and rights, checked in
batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from foundation.addresses import rate_limit_key
from foundation.errors import DomainError, NotFound
from foundation.rate_limits import check_rate_limits
from realtime import recovery
from realtime.hooks import Identity, application_hooks
from realtime.rate_limits import CONNECTS_OF_ADDRESS, CONNECTS_OF_USER
from realtime.recovery import Recovered, RecoveryRequest, RoomJoin

ADMISSION_INTERVAL = 0.01
"""Seconds between the starts of two batches of connect requests: in a crowd, larger batches cost less."""

AdmittedClient = tuple[Identity, Recovered | None]


@dataclass(frozen=True)
class ConnectRequest:
    """`auth` is the payload of the CONNECT packet, unchecked."""

    auth: Any
    address: str

    @property
    def token(self) -> Any:
        return self.auth.get("token") if isinstance(self.auth, dict) else None


def admit(requests: Sequence[ConnectRequest]) -> list[AdmittedClient | DomainError]:
    """Who each client is and what it recovers, or why it is refused."""
    limited = check_rate_limits(CONNECTS_OF_ADDRESS, [rate_limit_key(one.address) for one in requests])
    identities = application_hooks().authenticate([one.token for one in requests])
    checked = _within_limits([error or one for error, one in zip(limited, identities, strict=True)])
    recoveries = [
        None if isinstance(one, DomainError) else RecoveryRequest.read(request.auth, one.user.pk)
        for request, one in zip(requests, checked, strict=True)
    ]
    known = [one for one in recoveries if one is not None]
    found = iter(recovery.recover(known, application_hooks().may_enter) if known else [])
    return [
        one if isinstance(one, DomainError) else (one, next(found) if back else None)
        for one, back in zip(checked, recoveries, strict=True)
    ]


def _within_limits(identities: Sequence[Identity | DomainError]) -> list[Identity | DomainError]:
    users = [str(one.user.pk) for one in identities if not isinstance(one, DomainError)]
    errors = iter(check_rate_limits(CONNECTS_OF_USER, users))
    return [one if isinstance(one, DomainError) else next(errors) or one for one in identities]


def admit_to_rooms(joins: Sequence[RoomJoin]) -> list[NotFound | None]:
    """Store the joins of those who may be in the room; the others are refused."""
    allowed = application_hooks().may_enter({(join.session.user_id, join.room) for join in joins})
    permitted = [join for join in joins if (join.session.user_id, join.room) in allowed]
    if permitted:
        recovery.save_joins(permitted)
    return [None if (join.session.user_id, join.room) in allowed else NotFound() for join in joins]
