"""Operators intervene in a conversation: they pause, resume or close it."""

from collections.abc import Sequence
from contextlib import suppress

from accounts.models import User
from conversations.flows import Role, decide
from conversations.flows.system_actions import CLOSE, PAUSE, RESUME
from conversations.models import Conversation, Participant
from conversations.services import locked
from deals.actions import parsed_id
from deals.facts import facts_of, find_deal
from deals.transitions import AppliedAction, apply_decision
from foundation.errors import DomainError, Forbidden
from messaging.selectors import telling_how_it_stands
from messaging.services import sides_of, writable
from operators.requests import InterventionRequest
from realtime import unit_of_work


def operate(*, operator: User, conversation_id: object, action: str, given: InterventionRequest) -> AppliedAction:
    """Pause, resume or close a conversation, as staff.

    Raises `NotFound`, `Forbidden` for who is not of the staff, then what `decide` raises.
    """
    with telling_how_it_stands(operator, conversation_id), unit_of_work():
        parsed = parsed_id(conversation_id)
        if not operator.is_staff:
            writable(parsed, operator)
            raise Forbidden("Only operators do this.")
        conversation = locked(parsed)
        sides, deal = sides_of(conversation), find_deal(conversation)
        decision = decide(
            conversation.flow,
            conversation.flow_state,
            facts_of(conversation, deal, sides),
            Role.OPERATOR,
            action,
            {"reason": given.reason},
            state_version=given.state_version,
        )
        return apply_decision(conversation, deal, sides, decision, operator)


def operations(conversation: Conversation, participants: Sequence[Participant]) -> list[str]:
    """What an operator may do now."""
    facts = facts_of(conversation, find_deal(conversation), participants)
    possible = []
    for name in (PAUSE, RESUME, CLOSE):
        with suppress(DomainError):
            decide(conversation.flow, conversation.flow_state, facts, Role.OPERATOR, name)
            possible.append(name)
    return possible
