"""Joining and leaving the user's own room, which receives notifications and list updates.

Each socket is in this room from the start. What it did last is stored for recovery. Revocation does not depend on the
room.
"""

from dataclasses import replace

from foundation.database.executor import in_database
from realtime import recovery
from realtime.connections import Connection
from realtime.hooks import user_room
from realtime.local_rooms import LocalRooms
from realtime.membership import Joined
from realtime.recovery import LEFT


async def join(rooms: LocalRooms, connection: Connection, after: int | None) -> Joined:
    """Replay the events of the room that follow the `seq` `after`. If `after` is None, replay nothing.

    A socket that had left the room is a member again, also for recovery.
    """
    own = user_room(connection.caller.user_id)
    has_left = own not in connection.socket.rooms
    joined = await rooms.join(connection.socket, own, after=after)
    if has_left:
        await _store_seq(connection, joined.seq if after is None or joined.reset else after)
    return joined


async def leave(rooms: LocalRooms, connection: Connection) -> None:
    """Remove the socket from the room, also for recovery, until it joins the room again."""
    await _store_seq(connection, LEFT)
    rooms.leave(connection.socket, user_room(connection.caller.user_id))


async def _store_seq(connection: Connection, seq: int) -> None:
    session = replace(connection.session, user_seq=seq)
    await in_database(recovery.save_user_seq, session)
    connection.session = session
