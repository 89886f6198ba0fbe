"""The rooms' logs, who is connected to which process, and the sessions from which sockets recover."""

from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Now

DEAD_AFTER = timedelta(seconds=20)
"""A process that has written no heartbeat for so long was killed."""


class Room(models.Model):
    """A log with the dense sequence 1, 2, 3 …; the row's lock, held until the commit, keeps it dense.

    `floor` is the highest `seq` that retention has deleted.
    """

    name = models.CharField(max_length=99, unique=True)
    last_seq = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.last_seq}"


class RoomEvent(models.Model):
    """One event of a room, as it is sent: `data` is its payload as JSON, `seq` included.

    `subject` is the id of what the event is about, so that erasing it finds every copy.
    """

    pk = models.CompositePrimaryKey("room_id", "seq")
    # Not checked by the database: the writer has locked the room's row, and rooms are never deleted.
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
    """A process that holds sockets; one whose heartbeat is old was killed."""

    id = models.UUIDField(primary_key=True)
    heartbeat_at = models.DateTimeField()

    objects = ServerProcesses.as_manager()

    def __str__(self) -> str:
        return str(self.id)


class SocketSessions(models.QuerySet["SocketSession"]):
    @transaction.atomic
    def end(self, at: Any) -> None:
        """Write that these sessions ended. Rows are locked in the order of their pids, as everywhere where several are
        written: otherwise two transactions could deadlock."""
        pids = list(self.order_by("pid").select_for_update(no_key=True).values_list("pid", flat=True))
        self.model.objects.filter(pid__in=pids).update(ended_at=at)


class SocketSession(models.Model):
    """The Socket.IO session of a client, across the reconnects that recovered it: `pid` of connection state recovery.

    `user_seq` is the head of the user's own room when it started. `ended_at` is empty while a process holds it.
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
    """A room that a session is in, and the head of the room's log when it joined."""

    session = models.ForeignKey(SocketSession, on_delete=models.CASCADE, related_name="joined", db_constraint=False)
    room_name = models.CharField(max_length=99)
    seq = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "room_name"], name="joinedroom_once")]

    def __str__(self) -> str:
        return self.room_name


class LastSeen(models.Model):
    """When the last connection of a user ended."""

    user_id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} at {self.at}"
