"""Signals of accounts for other packages."""

from django.dispatch import Signal

names_changed = Signal()
"""The names of existing users were written: `user_ids: list[UUID]`. Sent inside the transaction."""

sessions_ended = Signal()
"""Sent after the commit that ended login sessions: `session_ids: list[UUID]`, `user_id: UUID`, `reason: str`."""
