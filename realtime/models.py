"""What outlives a process: the rooms' logs, who is connected where, and what a returning socket gets back."""

from typing import Any

from django.db import models, transaction

from foundation.database.fields import LongTextField


class Room(models.Model):
    """A log with the dense sequence 1, 2, 3 …; the row's lock, held to commit, is what keeps it dense.

    `floor` is the highest `seq` that retention has taken away.
    """

    name = models.CharField(max_length=99, unique=True)
    last_seq = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.last_seq}"


class RoomEvent(models.Model):
    """One event of a room, as it is sent: `data` is its payload in JSON with `seq` in it.

    `subject` is the id of what the event tells of, so that erasing that finds every copy.
    """

    pk = models.CompositePrimaryKey("room_id", "seq")
    # Not checked by the database: who writes has the room's row locked, and rooms stay.
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="events", db_index=False, db_constraint=False)
    seq = models.BigIntegerField()
    event = models.CharField(max_length=64)
    data = LongTextField()
    subject = models.UUIDField(null=True, db_index=True)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.event} {self.room_id}:{self.seq}"


class ServerProcess(models.Model):
    """A process that holds sockets; one whose heartbeat is old was killed."""

    id = models.UUIDField(primary_key=True)
    heartbeat_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)


class SocketSessions(models.QuerySet["SocketSession"]):
    @transaction.atomic
    def end(self, at: Any) -> None:
        """Their connections ended then. Rows are locked in the order of their pids: whoever writes several does so,
        or two would wait for each other."""
        pids = list(self.order_by("pid").select_for_update(no_key=True).values_list("pid", flat=True))
        self.model.objects.filter(pid__in=pids).update(ended_at=at)


class SocketSession(models.Model):
    """A connection of a user, across the drops it recovered from: `pid` of connection state recovery.

    `user_seq` is the end of the user's own room when it began. `ended_at` is empty while a process holds it.
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
    """A room that a connection is in, and where the room's log ended when it joined."""

    session = models.ForeignKey(SocketSession, on_delete=models.CASCADE, related_name="joined", db_constraint=False)
    room_name = models.CharField(max_length=99)
    seq = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "room_name"], name="joinedroom_once")]

    def __str__(self) -> str:
        return self.room_name


class LastSeen(models.Model):
    """When a user's last socket went."""

    user_id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} at {self.at}"
