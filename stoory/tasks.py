"""The tasks of Django's own tables."""

from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore

from tasks import recurring_task


@recurring_task(every=timedelta(hours=6), time_limit=timedelta(minutes=5))
def clear_admin_sessions() -> None:
    """Delete expired sessions of the admin, as `manage.py clearsessions` does."""
    SessionStore.clear_expired()
