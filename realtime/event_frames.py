"""The frames of events: Engine.IO message packets with Socket.IO EVENT packets of the default namespace."""

from functools import cached_property

from realtime.event_log import LoggedEvent
from realtime.membership import LocalSocket
from socketio_server import SharedFrame

EVENT_PACKET = "42"
"""The types of both packets."""


class EventFrames:
    """The frames of one logged event. Sockets that need the same frame share it.

    A frame ends with the recovery offset: the `seq` of the event in its room, and of the last event that the socket
    received in each other room. Sockets without offsets receive a frame without it.
    """

    def __init__(self, event: LoggedEvent, key: int) -> None:
        self._key, self._seq = key, event.seq
        self._packet = f'{EVENT_PACKET}["{event.event}",{event.data}'

    def for_socket(self, socket: LocalSocket) -> str:
        """Return the frame for a socket, and remember the event as the last one sent to it in this room."""
        if not socket.has_offsets:
            return self._without_offset
        sent, key = socket.sent, self._key
        is_alone = not sent or (len(sent) == 1 and key in sent)
        sent[key] = self._seq
        return self._of_one_room if is_alone else f'{self._packet},"{socket.offset_before(key)}{key}:{self._seq}"]'

    @cached_property
    def _of_one_room(self) -> SharedFrame:
        return SharedFrame(f'{self._packet},"{self._key}:{self._seq}"]')

    @cached_property
    def _without_offset(self) -> SharedFrame:
        return SharedFrame(f"{self._packet}]")


def ephemeral_frame(event: str, data: str) -> SharedFrame:
    """Return the frame of an event that is not logged. `data` is JSON."""
    return SharedFrame(f'{EVENT_PACKET}["{event}",{data}]')
