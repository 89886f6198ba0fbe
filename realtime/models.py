"""The tables of rooms and their event logs, server processes, socket sessions, and the times users were last seen."""

from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Now

DEAD_AFTER = timedelta(seconds=20)
"""A process that has not written a heartbeat for this long is considered killed."""


class Room(models.Model):
    """A room and the head of its event log.

    The log is numbered 1, 2, 3 … without gaps, because a transaction holds the lock of the room's row until it commits.
    `floor` is the highest `seq` that retention has deleted.
    """

    name = models.CharField(max_length=99, unique=True)
    last_seq = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.last_seq}"


class RoomEvent(models.Model):
    """One event of a room, as it is sent. `data` is the payload as JSON, including `seq`.

    `subject` is the id of the object that the event describes. `rewrite_events` finds the events of an object by it.
    """

    pk = models.CompositePrimaryKey("room_id", "seq")
    # The database does not check this key: the writer has locked the room's row, and rooms are never deleted.
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="events", db_index=False, db_constraint=False)
    seq = models.BigIntegerField()
    event = models.CharField(max_length=64)
    data = models.TextField()
    subject = models.UUIDField(null=True, db_index=True)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.event} {self.room_id}:{self.seq}"


class ServerProcesses(models.QuerySet["ServerProcess"]):
    def alive(self) -> "ServerProcesses":
        return self.filter(heartbeat_at__gt=Now() - DEAD_AFTER)

    def dead(self) -> "ServerProcesses":
        return self.filter(heartbeat_at__lt=Now() - DEAD_AFTER)


class ServerProcess(models.Model):
    """A process that holds sockets. If its heartbeat is old, the process was killed."""

    id = models.UUIDField(primary_key=True)
    heartbeat_at = models.DateTimeField()

    objects = ServerProcesses.as_manager()

    def __str__(self) -> str:
        return str(self.id)


class SocketSessions(models.QuerySet["SocketSession"]):
    @transaction.atomic
    def end(self, at: Any) -> None:
        """Store that these sessions ended. All code that writes several sessions locks the rows in the order of their
        pids; otherwise, two transactions could deadlock."""
        pids = list(self.order_by("pid").select_for_update(no_key=True).values_list("pid", flat=True))
        self.model.objects.filter(pid__in=pids).update(ended_at=at)


class SocketSession(models.Model):
    """The Socket.IO session of a client. A reconnect that recovers the session keeps its row and its `pid`.

    `user_seq` was the last `seq` of the user's own room when the session joined the room, or -1 after it has left.
    `ended_at` is null while a process holds the session.
    """

    pid = models.CharField(primary_key=True, max_length=43)
    user_id = models.UUIDField()
    process = models.ForeignKey(ServerProcess, on_delete=models.DO_NOTHING, db_constraint=False)
    user_seq = models.BigIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = SocketSessions.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["user_id"], name="socketsession_live", condition=models.Q(ended_at=None)),
            models.Index(fields=["ended_at"], name="socketsession_ended"),
        ]

    def __str__(self) -> str:
        return f"socket of {self.user_id}"


class JoinedRoom(models.Model):
    """A room that a session has joined, with the last `seq` of the room at that time."""

    session = models.ForeignKey(SocketSession, on_delete=models.CASCADE, related_name="joined", db_constraint=False)
    room_name = models.CharField(max_length=99)
    seq = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "room_name"], name="joinedroom_once")]

    def __str__(self) -> str:
        return self.room_name


class LastSeen(models.Model):
    """The time when the last connection of a user ended."""

    user_id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} at {self.at}"
