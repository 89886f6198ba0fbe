"""The tasks of real time: retention of events and of Socket.IO sessions."""

from datetime import timedelta

from django.conf import settings

from foundation import clock
from realtime import event_retention, recovery
from tasks import recurring_task


@recurring_task(every=timedelta(hours=1), time_limit=timedelta(minutes=15))
def trim_events() -> None:
    event_retention.trim(clock.now() - settings.EVENT_RETENTION)


@recurring_task(every=timedelta(minutes=10), time_limit=timedelta(minutes=5))
def delete_expired_socket_sessions() -> None:
    recovery.delete_expired()
