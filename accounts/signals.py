"""Signals of accounts for other packages."""

from django.dispatch import Signal

sessions_ended = Signal()
"""Sent after the commit that ended login sessions: `session_ids: list[UUID]`, `user_id: UUID`, `reason: str`."""
