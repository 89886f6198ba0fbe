"""Limits on the resources that one connection can use."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of a server. Times are in seconds, sizes in bytes.

    The send queue of a client that reads is short. A queue above `queue_packets` or `queue_bytes` can be a burst, such
    as the replay of a room's log. The server therefore waits for `queue_grace`, and waits again as long as the queue
    has become shorter. It aborts the connection at once if the queue exceeds `burst_packets` or `burst_bytes`, or if
    the client has read nothing for `queue_stall`.
    """

    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    max_payload: int = 65_536
    """Maximum size of a WebSocket message, in one frame or in fragments, and of the body of a polling request. The
    server announces it to clients as `maxPayload`."""
    max_fragments: int = 64
    """Maximum frames of one WebSocket message. Each frame except the last must carry at least one byte."""
    connect_timeout: float = 10.0
    """Time until a namespace must have accepted the client."""
    upgrade_timeout: float = 10.0
    """Time until a WebSocket that probes an upgrade must have completed it."""
    body_timeout: float = 10.0
    """Time until the body of a polling request must have arrived."""
    max_namespaces: int = 4
    max_attachments: int = 16
    """Maximum binary attachments of one event, if binary packets are allowed."""
    queue_packets: int = 256
    queue_bytes: int = 1_048_576
    queue_stall: float = 10.0
    queue_grace: float = 0.5
    burst_packets: int = 8_192
    burst_bytes: int = 8_388_608
    total_bytes: int = 33_554_432
    """Maximum bytes queued for all clients together. Above this, clients that read nothing are aborted, the longest
    queue first."""
    close_timeout: float = 1.0
    """Time to send queued packets when a connection is closed. After that, the connection is aborted."""
