"""What one connection may cost the server."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Times are in seconds, sizes in bytes.

    The send queue of a client that reads is short. A queue above `queue_packets` or `queue_bytes` may be a burst, such
    as the replay of a room's log. So it gets `queue_grace`, again and again as long as it becomes shorter. Above
    `burst_packets` or `burst_bytes`, or when the client has taken nothing for `queue_stall`, it gets no grace: the
    connection is aborted.
    """

    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    max_payload: int = 65_536
    """A WebSocket message, in one frame or in fragments, or the body of a polling request; announced as
    `maxPayload`."""
    max_fragments: int = 64
    """Frames of one WebSocket message. Each but the last carries at least one byte."""
    connect_timeout: float = 10.0
    """Within this time a namespace must have accepted the client."""
    upgrade_timeout: float = 10.0
    """Within this time a WebSocket that probes an upgrade must complete it."""
    body_timeout: float = 10.0
    """Within this time the body of a polling request must have arrived."""
    max_namespaces: int = 4
    max_attachments: int = 16
    """Binary attachments of one event, where binary is allowed at all."""
    max_depth: int = 20
    """Nesting of the JSON of one packet."""
    queue_packets: int = 256
    queue_bytes: int = 1_048_576
    queue_stall: float = 10.0
    queue_grace: float = 0.5
    burst_packets: int = 8_192
    burst_bytes: int = 8_388_608
    total_bytes: int = 33_554_432
    """Queued for all clients together. Over it those that take nothing are aborted, the longest queue first."""
    close_timeout: float = 1.0
    """What is still queued when a connection is closed gets this long to leave; then the connection is aborted."""
