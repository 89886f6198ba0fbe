"""The events that every application has."""

from foundation.schemas import Id, Schema, Timestamp
from realtime.declarations import Event, registry


class PresencePayload(Schema):
    user_id: Id
    online: bool
    last_seen: Timestamp | None


class TokenExpiringPayload(Schema):
    expires_at: Timestamp


PRESENCE = registry.event(
    Event(
        name="presence",
        payload=PresencePayload,
        room="conversation_<id>",
        when="A user opened the first socket, or closed the last socket 5 seconds ago.",
        logged=False,
        example={
            "user_id": "01980000-0000-7000-8000-000000000001",
            "online": False,
            "last_seen": "2026-01-01T12:00:00.000Z",
        },
    )
)

TOKEN_EXPIRING = registry.event(
    Event(
        name="token_expiring",
        payload=TokenExpiringPayload,
        room="the socket itself",
        when="60 seconds before the socket's access token expires, if SOCKET_TOKEN_POLICY is strict.",
        logged=False,
        example={"expires_at": "2026-01-01T12:00:00.000Z"},
    )
)
