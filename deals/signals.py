"""Signals of deals."""

from django.dispatch import Signal

refund_scheduled = Signal()
"""A refund was stored: `refund`. Sent in the transaction that stored it. `receivers` enqueues its task."""
