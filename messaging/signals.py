"""Signals of messages for other packages, beside `post_save`."""

from django.dispatch import Signal

messages_read = Signal()
"""A read mark moved: `conversation_id`, `user_id`, `up_to_seq`. Sent inside of the transaction."""

message_erased = Signal()
"""The text of a message was removed for good: `message`. Sent inside of the transaction."""
