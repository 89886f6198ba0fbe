"""The use case "act": a party takes an action, in one transaction under the conversation's lock; its flow alone decides
what happens."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from accounts.models import User
from conversations.errors import NoConversation
from conversations.flows import Click, Role, decide, understood
from conversations.models import Conversation, Participant
from deals.facts import facts_of, find_deal
from deals.models import PaymentOrder
from deals.payloads import PaymentPayload
from deals.payments import OpenedOrder
from deals.payments.errors import PaymentUnavailable
from deals.payments.orders import keep_opened, open_at_provider, order_for
from deals.requests import ActionRequest
from deals.responses import ActionResult
from deals.transitions import AppliedAction, apply_decision
from foundation.errors import DomainError
from foundation.ids import parse_id
from messaging.payloads import MessagePayload
from messaging.selectors import conversation_for, telling_how_it_stands
from messaging.services import writable
from realtime import run_savepoint_batch, unit_of_work


@dataclass(frozen=True)
class Acting:
    """What one party wants to do."""

    user: User
    conversation_id: object
    given: ActionRequest


def act(*, user: User, conversation_id: object, given: ActionRequest) -> AppliedAction:
    """Take an action as a party of the conversation. The very same click again changes nothing.

    Raises `NotFound`, `Forbidden` for staff, then what `decide` raises, where a 409 tells how the conversation
    stands; and `PaymentUnavailable` where there is something to pay and no provider answers.
    """
    acting = Acting(user, conversation_id, given)
    acted = _act(acting)
    if acted.order is None or not acted.awaits_provider:
        return acted
    return act_again(acting, acted, open_at_provider(acted.order))


def act_together(actings: Sequence[Acting]) -> list[AppliedAction | Exception]:
    """Take many actions in one transaction. Each is answered as `act` would, but that nobody waits for a provider: what
    `awaits_provider` is for the caller to finish, by `act_again`."""
    return run_savepoint_batch(_act, actings, by=lambda one: str(one.conversation_id))


def act_again(acting: Acting, before: AppliedAction, at_provider: OpenedOrder | None) -> AppliedAction:
    """Finish an action that awaited a provider, with what that answered. The conversation may have moved on meanwhile,
    so the action is taken once more: it finds the order opened, or is refused as if it came only now."""
    if at_provider is not None and before.order is not None:
        keep_opened(before.order, at_provider)
    acted = _act(acting)
    if acted.awaits_provider:
        raise PaymentUnavailable
    return replace(acted, repeated=before.repeated)


def _act(acting: Acting) -> AppliedAction:
    user, conversation_id, given = acting.user, acting.conversation_id, acting.given
    with telling_how_it_stands(user, conversation_id), unit_of_work():
        conversation, sides = writable(parsed_id(conversation_id), user)
        return _taken_before(conversation, user, given) or _taken(conversation, sides, user, given)


def _taken(conversation: Conversation, sides: list[Participant], user: User, given: ActionRequest) -> AppliedAction:
    deal = find_deal(conversation)
    decision = decide(
        conversation.flow,
        conversation.flow_state,
        facts_of(conversation, deal, sides),
        next(Role(side.role) for side in sides if side.user_id == user.pk),
        given.action,
        given.data,
        state_version=given.state_version,
    )
    acted = apply_decision(conversation, deal, sides, decision, user)
    if decision.payment is None:
        return acted
    order, is_new = order_for(conversation, decision.payment, user, decision.action)
    return replace(acted, order=order, repeated=not is_new)


def parsed_id(conversation_id: object) -> uuid.UUID:
    """Raises `NoConversation` where it is no id."""
    parsed = parse_id(conversation_id)
    if parsed is None:
        raise NoConversation
    return parsed


def _taken_before(conversation: Conversation, user: User, given: ActionRequest) -> AppliedAction | None:
    """What the first click did, where this is the very same one: actor, action, `state_version` and data."""
    if given.state_version is None or given.state_version >= conversation.state_version:
        return None
    seen = conversation.transitions.filter(state_version=given.state_version).first()
    if seen is None or (click := _understood(conversation, seen.to_standing["flow_state"], given)) is None:
        return None
    order = _order_opened(conversation, user, given.state_version, click)
    if order is not None and (not order.is_payable or conversation.flow_state == seen.to_standing["flow_state"]):
        return AppliedAction(conversation=conversation, order=order, repeated=True)
    taken = conversation.transitions.filter(state_version=given.state_version + 1, actor=user)
    step = taken.select_related("message").first()
    if step is None or click != Click(step.action, step.data):
        return None
    return AppliedAction(conversation=conversation, message=step.message, repeated=True)


def _understood(conversation: Conversation, state: str, given: ActionRequest) -> Click | None:
    """What the click meant in the state that its sender looked at; None where that makes no sense any more."""
    try:
        return understood(conversation.flow, state, given.action, given.data, conversation.currency)
    except (DomainError, KeyError):
        return None


def _order_opened(conversation: Conversation, user: User, state_version: int, click: Click) -> PaymentOrder | None:
    """The order that this click was answered with, if it was."""
    orders = conversation.payment_orders.select_related("offer")
    order = orders.filter(payer=user, state_version=state_version, action=click.action).last()
    return None if order is None or order.is_unopened else order


def answer_to(acted: AppliedAction, user: User) -> ActionResult:
    """What the one who acted is answered; a member that does not apply is not set."""
    shown = conversation_for(user=user, conversation_id=acted.conversation.pk)
    members: dict[str, Any] = {"conversation": shown}
    if acted.message is not None:
        members["message"] = MessagePayload.of(acted.message, state_version=shown.state_version)
    if acted.order is not None:
        members["payment"] = PaymentPayload.of(acted.order)
    if acted.repeated:
        members["repeated"] = True
    return ActionResult.model_construct(**members)
