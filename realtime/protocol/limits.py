"""What one connection may cost the server."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Times are in seconds, sizes in bytes.

    A connection whose send queue is above `queue_packets` or `queue_bytes` for longer than `queue_grace`, above
    `burst` times one of them at all, or whose oldest packet has waited `queue_stall`, reads too slowly and is
    closed. The grace lets a burst pass that a reading client takes off the queue at once.
    """

    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    max_payload: int = 65_536
    """A frame, or the body of a polling request, in bytes; announced as `maxPayload`."""
    payload_packets: int = 512
    """Packets in the body of one polling request."""
    connect_timeout: float = 10.0
    """Within this time a client must have been accepted by a namespace."""
    upgrade_timeout: float = 10.0
    """Within this time a WebSocket that probes an upgrade must complete it."""
    max_namespaces: int = 4
    max_attachments: int = 16
    """Binary attachments of one event, where binary is allowed at all."""
    max_depth: int = 20
    """Nesting of the JSON of one packet."""
    queue_packets: int = 256
    queue_bytes: int = 1_048_576
    queue_stall: float = 10.0
    queue_grace: float = 0.5
    burst: int = 4
    close_timeout: float = 1.0
    """What is still queued when a connection is closed gets this long to leave; then it is cut."""
