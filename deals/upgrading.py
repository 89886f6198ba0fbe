"""Moving running conversations to a newer version of their flow."""

import uuid
from dataclasses import dataclass

from conversations.events import CONVERSATION_UPDATED
from conversations.flows import Flow, action_data
from conversations.locking import lock_conversation
from conversations.models import Conversation
from conversations.payloads import ConversationUpdatedPayload
from deals.facts import facts_of, find_deal
from deals.payments.ledger import read_ledger
from deals.payments.settlement import settle
from foundation import clock
from realtime import publish, unit_of_work


@dataclass(frozen=True)
class IncompatibleConversation:
    """A conversation that cannot continue with the newer version, and the reason."""

    conversation_id: uuid.UUID
    why: str


def running_conversations(flow: Flow) -> list[uuid.UUID]:
    """Return the ids of the conversations that are not closed and have an older version of this flow."""
    older = Conversation.objects.filter(flow_name=flow.name, flow_version__lt=flow.version)
    return list(older.exclude(chat_status="closed").order_by("pk").values_list("pk", flat=True))


def incompatible_conversations(flow: Flow) -> list[IncompatibleConversation]:
    """Return the running conversations whose state does not exist, or is different, in the newer version."""
    rows = Conversation.objects.filter(pk__in=running_conversations(flow)).order_by("pk")
    return [IncompatibleConversation(row.pk, why) for row in rows.iterator() if (why := _incompatibility(row, flow))]


def _incompatibility(conversation: Conversation, flow: Flow) -> str | None:
    state = next((state for state in flow.states if state.name == conversation.flow_state), None)
    if state is None:
        return f"there is no state {conversation.flow_state}"
    if (state.awaiting and state.awaiting.value) != conversation.awaiting_role:
        return f"{state.name} awaits {state.awaiting or 'nobody'}, not {conversation.awaiting_role or 'nobody'}"
    if not conversation.paused and state.chat_status.value != conversation.chat_status:
        return f"{state.name} is {state.chat_status.value}, not {conversation.chat_status}"
    return None


def upgrade(*, conversation_id: uuid.UUID, flow: Flow) -> bool:
    """Move a conversation to a newer version and rebuild its prompt. Its state and deadline do not change, unless a
    refund or dispute has an effect in the newer version.

    Returns False if the conversation does not fit, is closed, or has no older version of this flow.
    """
    with unit_of_work():
        conversation = lock_conversation(conversation_id)
        is_older = conversation.flow_name == flow.name and conversation.flow_version < flow.version
        if not is_older or conversation.is_closed or _incompatibility(conversation, flow):
            return False
        facts = facts_of(conversation, find_deal(conversation), conversation.participants.select_related("user"))
        conversation.flow_version = flow.version
        conversation.current_action_data = action_data(flow, conversation.flow_state, facts)
        conversation.updated_at = clock.now()
        conversation.save(update_fields=["flow_version", "current_action_data", "updated_at"])
        publish(conversation.room, CONVERSATION_UPDATED, ConversationUpdatedPayload.of(conversation))
        _settle_payments(conversation)
    return True


def _settle_payments(conversation: Conversation) -> None:
    """Take the system actions of earlier refunds and disputes, if only the newer version has them."""
    for order in conversation.payment_orders.select_related("offer"):
        ledger = read_ledger(order)
        settle(conversation=conversation, order=order, before=ledger, after=ledger)
