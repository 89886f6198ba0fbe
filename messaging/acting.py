"""The use case "act": a party clicks, or an operator steps in; each one transaction under the conversation's lock,
decided by its flow alone."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from accounts.models import User
from conversations.facts import facts_of
from conversations.flows import Click, Role, decide, understood
from conversations.flows.outside import CLOSE, PAUSE, RESUME
from conversations.models import Conversation, Participant, PaymentOrder
from conversations.payments import OpenedOrder
from conversations.refusals import NoConversation
from conversations.services import locked
from foundation.ids import parse_id
from foundation.refusals import Forbidden, PaymentUnavailable, Refusal
from messaging.answers import ActedAnswer
from messaging.inputs import Act, Operate
from messaging.moving import Acted, carried_out
from messaging.paying import keep_opened, open_at_provider, order_for
from messaging.payloads import MessagePayload, PaymentPayload
from messaging.selectors import conversation_for, telling_how_it_stands
from messaging.services import sides_of, writable
from realtime.publishing import unit_of_work
from realtime.together import done_together


@dataclass(frozen=True)
class Acting:
    """What one party wants to do."""

    user: User
    conversation_id: object
    given: Act


def act(*, user: User, conversation_id: object, given: Act) -> Acted:
    """Take an action as a party of the conversation. The very same click again changes nothing.

    Raises `NotFound`, `Forbidden` for staff, then what `decide` raises, where a 409 tells how the conversation
    stands; and `PaymentUnavailable` where there is something to pay and no provider answers.
    """
    acting = Acting(user, conversation_id, given)
    acted = _act(acting)
    if acted.order is None or not acted.awaits_provider:
        return acted
    return act_again(acting, acted, open_at_provider(acted.order))


def act_together(actings: Sequence[Acting]) -> list[Acted | Exception]:
    """Take many actions in one transaction. Each is answered as `act` would, but that nobody waits for a provider: what
    `awaits_provider` is for the caller to finish, by `act_again`."""
    return done_together(_act, actings, by=lambda one: str(one.conversation_id))


def act_again(acting: Acting, before: Acted, at_provider: OpenedOrder | None) -> Acted:
    """Finish an action that awaited a provider, with what that answered. The conversation may have moved on meanwhile,
    so the action is taken once more: it finds the order opened, or is refused as if it came only now."""
    if at_provider is not None and before.order is not None:
        keep_opened(before.order, at_provider)
    acted = _act(acting)
    if acted.awaits_provider:
        raise PaymentUnavailable
    return replace(acted, repeated=before.repeated)


def _act(acting: Acting) -> Acted:
    user, conversation_id, given = acting.user, acting.conversation_id, acting.given
    with telling_how_it_stands(user, conversation_id), unit_of_work():
        conversation, sides = writable(_parsed(conversation_id), user)
        return _taken_before(conversation, user, given) or _taken(conversation, sides, user, given)


def _taken(conversation: Conversation, sides: list[Participant], user: User, given: Act) -> Acted:
    decision = decide(
        conversation.flow,
        conversation.flow_state,
        facts_of(conversation, sides),
        next(Role(side.role) for side in sides if side.user_id == user.pk),
        given.action,
        given.data,
        state_version=given.state_version,
    )
    acted = carried_out(conversation, sides, decision, user)
    if decision.payment is None:
        return acted
    order, is_new = order_for(conversation, decision.payment, user, decision.action)
    return replace(acted, order=order, repeated=not is_new)


def operate(*, operator: User, conversation_id: object, action: str, given: Operate) -> Acted:
    """Pause, resume or close a conversation, as staff.

    Raises `NotFound`, `Forbidden` for who is not of the staff, then what `decide` raises.
    """
    with telling_how_it_stands(operator, conversation_id), unit_of_work():
        parsed = _parsed(conversation_id)
        if not operator.is_staff:
            writable(parsed, operator)
            raise Forbidden("Only operators do this.")
        conversation = locked(parsed)
        sides = sides_of(conversation)
        decision = decide(
            conversation.flow,
            conversation.flow_state,
            facts_of(conversation, sides),
            Role.OPERATOR,
            action,
            {"reason": given.reason},
            state_version=given.state_version,
        )
        return carried_out(conversation, sides, decision, operator)


def operations(conversation: Conversation, sides: list[Participant]) -> list[str]:
    """What an operator may do now."""
    facts = facts_of(conversation, sides)
    possible = []
    for name in (PAUSE, RESUME, CLOSE):
        with suppress(Refusal):
            decide(conversation.flow, conversation.flow_state, facts, Role.OPERATOR, name)
            possible.append(name)
    return possible


def _parsed(conversation_id: object) -> uuid.UUID:
    parsed = parse_id(conversation_id)
    if parsed is None:
        raise NoConversation
    return parsed


def _taken_before(conversation: Conversation, user: User, given: Act) -> Acted | None:
    """What the first click did, where this is the very same one: actor, action, `state_version` and data."""
    if given.state_version is None or given.state_version >= conversation.state_version:
        return None
    seen = conversation.transitions.filter(state_version=given.state_version).first()
    if seen is None or (click := _understood(conversation, seen.to_standing["flow_state"], given)) is None:
        return None
    order = _order_opened(conversation, user, given.state_version, click)
    if order is not None and (not order.is_payable or conversation.flow_state == seen.to_standing["flow_state"]):
        return Acted(conversation=conversation, order=order, repeated=True)
    taken = conversation.transitions.filter(state_version=given.state_version + 1, actor=user)
    step = taken.select_related("message").first()
    if step is None or click != Click(step.action, step.data):
        return None
    return Acted(conversation=conversation, message=step.message, repeated=True)


def _understood(conversation: Conversation, state: str, given: Act) -> Click | None:
    """What the click meant in the state that its sender looked at; None where that makes no sense any more."""
    try:
        return understood(conversation.flow, state, given.action, given.data, conversation.currency)
    except (Refusal, KeyError):
        return None


def _order_opened(conversation: Conversation, user: User, state_version: int, click: Click) -> PaymentOrder | None:
    """The order that this click was answered with, if it was."""
    orders = conversation.payment_orders.select_related("offer")
    order = orders.filter(payer=user, state_version=state_version, action=click.action).last()
    return None if order is None or order.is_unopened else order


def answer_to(acted: Acted, user: User) -> ActedAnswer:
    """What the one who acted is answered; a member that does not apply is not set."""
    shown = conversation_for(user=user, conversation_id=acted.conversation.pk)
    members: dict[str, Any] = {"conversation": shown}
    if acted.message is not None:
        members["message"] = MessagePayload.of(acted.message, state_version=shown.state_version)
    if acted.order is not None:
        members["payment"] = PaymentPayload.of(acted.order)
    if acted.repeated:
        members["repeated"] = True
    return ActedAnswer.model_construct(**members)
