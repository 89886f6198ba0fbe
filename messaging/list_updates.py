"""Publishes changes of the users' conversation lists."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from conversations.locking import participant_rows_of
from conversations.models import Conversation, ParticipantRow
from conversations.selectors import total_unread
from foundation import clock
from messaging.conversation_selectors import last_messages
from messaging.events import CONVERSATION_LIST_UPDATED
from messaging.models import Message
from messaging.payloads import LastMessagePayload, ListReason, ListUpdatedPayload, MessagePayload
from realtime import before_commit, publish_ephemeral, user_room


@dataclass(frozen=True)
class _ListUpdate:
    conversation: Conversation
    reason: ListReason
    last: Message | None
    only: uuid.UUID | None


def publish_list_updates(
    conversation: Conversation, reason: ListReason, *, last: Message | None = None, only: uuid.UUID | None = None
) -> None:
    """Publish `conversation_list_updated` to both participants, or to the user `only`, each with their own counts.

    The events are published at the end of the unit of work, once for all changes with the same reason. `last` is the
    newest message; without it, the message is read from the database.
    """
    before_commit(_publish, _ListUpdate(conversation, reason, last, only))


def _publish(updates: list[_ListUpdate]) -> None:
    latest = {(update.conversation.id, update.reason, update.only): update for update in updates}.values()
    participant_rows = participant_rows_of(update.conversation for update in latest)
    rows = [row for found in participant_rows.values() for row in found]
    unknown_totals = {row.user_id for row in rows if row.total_unread is None}
    totals = total_unread(unknown_totals) if unknown_totals else {}
    newest = {update.conversation.id: update.last for update in latest if update.last}
    if others := participant_rows.keys() - newest.keys():
        newest |= last_messages(others)
    now = clock.now()
    for update in latest:
        message = newest.get(update.conversation.id)
        version = update.conversation.state_version
        shown = LastMessagePayload.of(message, state_version=version) if message else None
        for participant in participant_rows[update.conversation.id]:
            if participant.removed_at is None and update.only in {None, participant.user_id}:
                known = participant.total_unread
                _publish_one(
                    participant, update.reason, shown, totals[participant.user_id] if known is None else known, now
                )


def _publish_one(
    participant: ParticipantRow, reason: ListReason, last: MessagePayload | None, total: int, now: datetime
) -> None:
    payload = ListUpdatedPayload.model_construct(
        conversation_id=participant.conversation_id,
        reason=reason,
        last_message=last,
        unread_count=participant.unread_count,
        total_unread=total,
        updated_at=now,
    )
    publish_ephemeral(user_room(participant.user_id), CONVERSATION_LIST_UPDATED, payload)
