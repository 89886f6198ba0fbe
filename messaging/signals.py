"""Signals of messages for other packages, in addition to `post_save`."""

from django.dispatch import Signal

messages_read = Signal()
"""A read mark moved: `conversation_id`, `user_id`, `up_to_seq`. Sent inside the transaction."""

upload_processed = Signal()
"""A sent file became ready or was refused: `message`. Sent inside the transaction; the conversation is locked."""

message_edited = Signal()
"""The text of a message was replaced: `message`. Sent inside the transaction."""

message_erased = Signal()
"""The content of a message was erased: `message`. Sent inside the transaction."""
