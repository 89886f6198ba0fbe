"""The content of the transcript page."""

from typing import Any

from conversations.flows import displayed_prompt
from conversations.models import Conversation, Transition
from deals.payments.ledger import read_ledger
from foundation.database.pagination import Page
from messaging.history import history
from messaging.models import Message
from messaging.requests import HistoryQuery
from operators.diagrams import diagram
from operators.interventions import possible_interventions

PAGE = 100
LATEST_VIEWS = 5


def transcript(conversation: Conversation, *, page: str | None) -> dict[str, Any]:
    """Return the template context of a transcript.

    `page` is the `seq` before which messages are shown; without a valid `seq`, the newest messages are shown.
    """
    before = int(page) if page and page.isdigit() and len(page) < 19 else None
    messages: Page[Message] = history(conversation=conversation, query=HistoryQuery(before=before, limit=PAGE))
    participants = list(conversation.participants.select_related("user").order_by("role", "pk"))
    first = participants[0].user_id if participants else None
    senders = {participant.user_id: participant.user for participant in participants}
    steps = list(conversation.transitions.select_related("actor"))
    orders = list(conversation.payment_orders.select_related("offer").prefetch_related("events"))
    return {
        "conversation": conversation,
        "participants": participants,
        "bubbles": [
            {
                "message": message,
                "sender": senders.get(message.sender_id),
                "side": _side(message, first, senders),
                "prompt": displayed_prompt(message.action_data, conversation.state_version),
            }
            for message in messages.results
        ],
        "older": messages.results[0].seq if messages.previous else None,
        "is_newest": before is None,
        "steps": steps,
        "offers": conversation.offers.select_related("proposer", "acceptance"),
        "orders": orders,
        "remaining": sum(read_ledger(order).remaining for order in orders),
        "diagram": diagram(conversation.flow, current=conversation.flow_state, taken=_taken(steps)),
        "interventions": possible_interventions(conversation, participants),
        "views": conversation.views.select_related("viewer")[:LATEST_VIEWS],
    }


def _taken(steps: list[Transition]) -> set[tuple[str, str]]:
    """Return the pairs of states that the conversation went through. Pausing does not change the state."""
    return {
        (step.from_state["flow_state"], step.to_state["flow_state"]) for step in steps if step.from_state is not None
    }


def _side(message: Message, first: Any, senders: dict[Any, Any]) -> str:
    if message.sender_id not in senders:
        return "system"
    return "left" if message.sender_id == first else "right"
