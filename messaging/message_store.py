"""Stores new messages: numbers, inserts and publishes them."""

import uuid
from collections.abc import Mapping, Sequence

from conversations.message_seqs import allocate_seqs
from foundation.database.bulk import insert_instances, send_post_save
from messaging.models import Message


def store_messages(messages: Sequence[Message], totals: Mapping[uuid.UUID, int] | None = None) -> None:
    """Number and insert new messages, and send `post_save` for each, which publishes it.

    The caller has locked the conversations, with their `participant_rows`. `totals` is an argument of `allocate_seqs`.
    """
    seqs = allocate_seqs([(one.conversation, one.sender_id) for one in messages], totals)
    for message, seq in zip(messages, seqs, strict=True):
        message.seq = seq
    insert_instances(messages)
    send_post_save(messages)
