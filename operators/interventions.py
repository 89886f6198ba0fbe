"""Interventions of operators: pause, resume or close a conversation."""

from collections.abc import Sequence
from contextlib import suppress

from accounts.models import User
from conversations.flows import Role, decide
from conversations.flows.system_actions import CLOSE, PAUSE, RESUME
from conversations.locking import lock_as_participant, lock_conversation
from conversations.models import Conversation, Participant
from conversations.selectors import participants_of
from deals.facts import facts_of, find_deal
from deals.payments.decisions import decide_payments
from deals.transitions import AppliedAction, apply_action
from foundation.errors import DomainError, Forbidden
from operators.requests import InterventionRequest
from realtime import unit_of_work


def intervene(*, operator: User, conversation_id: object, action: str, data: InterventionRequest) -> AppliedAction:
    """Pause, resume or close a conversation, as staff.

    A conversation is closed with a decision about its payment, if something of it remains. Raises `NotFound`,
    `Forbidden` if the user is not staff or may not refund, the errors of `decide`, and `Invalid` without the decision.
    """
    with unit_of_work():
        if not operator.is_staff:
            lock_as_participant(conversation_id, operator)
            raise Forbidden("Only operators can do this.")
        conversation = lock_conversation(conversation_id)
        participants, reason = participants_of(conversation), {"reason": data.reason}
        applied, _ = apply_action(
            conversation, participants, operator, Role.OPERATOR, action, reason, state_version=data.state_version
        )
        if conversation.is_closed:
            decide_payments(conversation, operator, data.money)
    return applied


def possible_interventions(conversation: Conversation, participants: Sequence[Participant]) -> list[str]:
    """Return the interventions that are possible in the current state: names of system actions."""
    facts = facts_of(conversation, find_deal(conversation), participants)
    possible = []
    for name in (PAUSE, RESUME, CLOSE):
        with suppress(DomainError):
            decide(conversation.flow, conversation.flow_state, facts, Role.OPERATOR, name)
            possible.append(name)
    return possible
