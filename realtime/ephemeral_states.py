"""Ephemeral states, such as typing. They end by themselves, and a socket has at most one state in a room."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from realtime.event_log import LoggedEvent
from realtime.local_rooms import LocalRooms
from realtime.membership import LocalSocket


@dataclass(frozen=True, slots=True)
class _State:
    timer: asyncio.TimerHandle
    ended_by: Callable[[LoggedEvent], bool]
    end: Callable[[], None]


class EphemeralStates:
    def __init__(self, rooms: LocalRooms) -> None:
        self._states: dict[tuple[str, str], _State] = {}
        rooms.on_delivered = self._delivered

    def begin(
        self,
        socket: LocalSocket,
        room: str,
        *,
        seconds: float,
        ended_by: Callable[[LoggedEvent], bool],
        end: Callable[[], None],
    ) -> bool:
        """Begin or extend the state of a socket in a room. Return whether the state is new.

        The state ends after `seconds`, when an event is delivered for which `ended_by(event)` returns True, or when
        `end_in` or `end_all` is called. `end()` is then called once.
        """
        before = self._states.pop((socket.sid, room), None)
        if before is not None:
            before.timer.cancel()
        timer = asyncio.get_running_loop().call_later(seconds, self.end_in, socket, room)
        self._states[socket.sid, room] = _State(timer, ended_by, end)
        return before is None

    def end_in(self, socket: LocalSocket, room: str) -> None:
        state = self._states.pop((socket.sid, room), None)
        if state is not None:
            state.timer.cancel()
            state.end()

    def end_all(self, socket: LocalSocket) -> None:
        for _, room in [key for key in self._states if key[0] == socket.sid]:
            self.end_in(socket, room)

    def _delivered(self, room: str, sockets: list[LocalSocket], event: LoggedEvent) -> None:
        if not self._states:
            return
        for socket in sockets:
            state = self._states.get((socket.sid, room))
            if state is not None and state.ended_by(event):
                self.end_in(socket, room)
