"""Signals of conversations for other packages, in addition to `post_save`."""

from django.dispatch import Signal

participant_removed = Signal()
"""A participant was removed: `conversation`, which is locked, and `user_id`. Sent inside the transaction."""
