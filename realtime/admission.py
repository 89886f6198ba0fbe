"""Admission of clients to the server and to rooms: authentication, rate limits, recovery and rights, checked in
batches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from foundation.addresses import rate_limit_key
from foundation.database.batching import apply_to_valid
from foundation.errors import DomainError, NotFound, RateLimited
from foundation.rate_limits import check_rate_limits
from realtime import event_log, recovery
from realtime.event_log import Replayed, ReplayRequest
from realtime.hooks import Identity, application_hooks
from realtime.rate_limits import CONNECTS_OF_ADDRESS, CONNECTS_OF_USER
from realtime.recovery import Recovered, RecoveryRequest, RoomJoin

ADMISSION_INTERVAL = 0.01
"""Seconds between the starts of two batches of connect requests, because larger batches cost less for each client."""

AdmittedClient = tuple[Identity, Recovered | None]


@dataclass(frozen=True)
class ConnectRequest:
    """A request to connect. `auth` is the payload of the CONNECT packet, not yet validated."""

    auth: Any
    address: str

    @property
    def token(self) -> Any:
        return self.auth.get("token") if isinstance(self.auth, dict) else None

    @property
    def has_offsets(self) -> bool:
        """Whether events are sent with offsets, for recovery: unless the client says `offsets: false`, or `"false"` if
        its payload can contain only texts."""
        offsets = self.auth.get("offsets") if isinstance(self.auth, dict) else None
        return offsets is not False and offsets != "false"


IdentifiedRequest = tuple[ConnectRequest, Identity]


def admit(requests: Sequence[ConnectRequest]) -> list[AdmittedClient | DomainError]:
    """Return the identity and the recovered session of each client, or the error with which it is refused."""
    within_limits = check_rate_limits(CONNECTS_OF_ADDRESS, requests, lambda one: rate_limit_key(one.address))
    identified = apply_to_valid(_identify, within_limits)
    return apply_to_valid(_recover, apply_to_valid(_check_users, identified))


def _identify(requests: Sequence[ConnectRequest]) -> list[IdentifiedRequest | DomainError]:
    identities = application_hooks().authenticate([one.token for one in requests])
    return [
        one if isinstance(one, DomainError) else (request, one)
        for request, one in zip(requests, identities, strict=True)
    ]


def _check_users(identified: Sequence[IdentifiedRequest]) -> list[IdentifiedRequest | RateLimited]:
    return check_rate_limits(CONNECTS_OF_USER, identified, lambda one: str(one[1].user.pk))


def _recover(identified: Sequence[IdentifiedRequest]) -> list[AdmittedClient]:
    asked = [
        RecoveryRequest.read(request.auth, identity.user.pk) if request.has_offsets else None
        for request, identity in identified
    ]
    known = [one for one in asked if one is not None]
    found = iter(recovery.recover(known, application_hooks().may_enter) if known else ())
    return [(identity, next(found) if one else None) for one, (_, identity) in zip(asked, identified, strict=True)]


def admit_to_rooms(joins: Sequence[RoomJoin]) -> list[NotFound | Replayed]:
    """Check which users may enter their rooms, read the events to replay, and store the joins.

    Returns the replayed events for each join, or `NotFound` if the user may not enter the room.
    """
    allowed = application_hooks().may_enter({(join.session.user_id, join.room) for join in joins})
    permitted = [join for join in joins if (join.session.user_id, join.room) in allowed]
    requests = [join.replay for join in permitted if join.replay]
    events: dict[ReplayRequest | None, Replayed] = {None: None}
    if requests:
        events |= zip(requests, event_log.replay(requests), strict=True)
    if permitted:
        # With a replay, recovery starts at `after`; without one, it starts at the room's position.
        recovery.save_joins(
            replace(join, seq=join.replay.after) if join.replay and events[join.replay] is not None else join
            for join in permitted
        )
    return [events[join.replay] if (join.session.user_id, join.room) in allowed else NotFound() for join in joins]
