"""The use case "act": a party takes an action, in one transaction under the conversation's lock; its flow alone decides
what happens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from accounts.models import User
from conversations.flows import ResolvedAction, Role, resolve_action
from conversations.locking import lock_as_participant
from conversations.models import Conversation, Participant
from deals.models import PaymentOrder
from deals.payloads import PaymentPayload
from deals.payments import OpenedOrder
from deals.payments.errors import PaymentUnavailable
from deals.payments.orders import get_or_create_order, open_at_provider, store_opened
from deals.requests import ActionRequest
from deals.responses import ActionResult
from deals.transitions import AppliedAction, apply_action
from foundation.errors import DomainError
from messaging.conversation_selectors import render_current
from messaging.payloads import ConversationPayload, MessagePayload
from realtime import run_savepoint_batch, unit_of_work


@dataclass(frozen=True)
class ActionAttempt:
    """An action that a party wants to take."""

    user: User
    conversation_id: object
    data: ActionRequest


def take_action(*, user: User, conversation_id: object, data: ActionRequest) -> AppliedAction:
    """Take an action as a party of the conversation. The same request again changes nothing.

    Raises `NotFound`, `Forbidden` for staff, then what `decide` raises; and `PaymentUnavailable` where there is
    something to pay and no provider answers.
    """
    attempt = ActionAttempt(user, conversation_id, data)
    applied = _take_action(attempt)
    if applied.order is None or not applied.awaits_provider:
        return applied
    return finish_action(attempt, applied, open_at_provider(applied.order))


def take_actions(attempts: Sequence[ActionAttempt]) -> list[AppliedAction | Exception]:
    """Take many actions in one transaction, each with the result of `take_action`, but wait for no provider.

    The caller finishes those that `awaits_provider`, by `finish_action`.
    """
    return run_savepoint_batch(_take_action, attempts, by=lambda one: str(one.conversation_id))


def finish_action(attempt: ActionAttempt, before: AppliedAction, at_provider: OpenedOrder | None) -> AppliedAction:
    """Finish an action that awaited a provider, with what that answered. The conversation may have changed meanwhile,
    so the action is taken once more: it finds the order opened, or is refused as if it came only now."""
    if at_provider is not None and before.order is not None:
        store_opened(before.order, at_provider)
    applied = _take_action(attempt)
    if applied.awaits_provider:
        raise PaymentUnavailable
    return replace(applied, repeated=before.repeated)


def _take_action(attempt: ActionAttempt) -> AppliedAction:
    user, conversation_id, data = attempt.user, attempt.conversation_id, attempt.data
    with unit_of_work():
        conversation, participants = lock_as_participant(conversation_id, user)
        return _find_repeated(conversation, user, data) or _apply(conversation, participants, user, data)


def _apply(
    conversation: Conversation, participants: list[Participant], user: User, data: ActionRequest
) -> AppliedAction:
    role = next(Role(participant.role) for participant in participants if participant.user_id == user.pk)
    applied, decision = apply_action(
        conversation, participants, user, role, data.action, data.data, state_version=data.state_version
    )
    if decision.payment is None:
        return applied
    order, is_new = get_or_create_order(conversation, decision.payment, user, decision.action)
    return replace(applied, order=order, repeated=not is_new)


def _find_repeated(conversation: Conversation, user: User, data: ActionRequest) -> AppliedAction | None:
    """What the first request did, where this repeats it: same actor, action, `state_version` and data."""
    if data.state_version is None or data.state_version >= conversation.state_version:
        return None
    seen = conversation.transitions.filter(state_version=data.state_version).first()
    if seen is None or (action := _resolve(conversation, seen.to_state["flow_state"], data)) is None:
        return None
    order = _order_of_repeated(conversation, user, data.state_version, action)
    if order is not None and (not order.is_payable or conversation.flow_state == seen.to_state["flow_state"]):
        return AppliedAction(conversation=conversation, order=order, repeated=True)
    taken = conversation.transitions.filter(state_version=data.state_version + 1, actor=user)
    transition = taken.select_related("message").first()
    if transition is None or action != ResolvedAction(transition.action, transition.data):
        return None
    return AppliedAction(conversation=conversation, message=transition.message, repeated=True)


def _resolve(conversation: Conversation, state: str, data: ActionRequest) -> ResolvedAction | None:
    """The action in the state that the actor has seen; None where there is none any more."""
    try:
        return resolve_action(conversation.flow, state, data.action, data.data, conversation.currency)
    except (DomainError, KeyError):
        return None


def _order_of_repeated(
    conversation: Conversation, user: User, state_version: int, action: ResolvedAction
) -> PaymentOrder | None:
    """The order that the first request was answered with, if any."""
    orders = conversation.payment_orders.select_related("offer")
    order = orders.filter(payer=user, state_version=state_version, action=action.action).last()
    return None if order is None or order.is_unopened else order


def result_of(applied: AppliedAction, user: User) -> ActionResult:
    """The response to an action; a member that does not apply is not set."""
    return results_of([(applied, user)])[0]


def results_of(pairs: Sequence[tuple[AppliedAction, User]]) -> list[ActionResult]:
    """The responses to many actions, their conversations read together."""
    if not pairs:
        return []
    shown = render_current([(applied.conversation.pk, user) for applied, user in pairs])
    return [_result(applied, one) for (applied, _), one in zip(pairs, shown, strict=True)]


def _result(applied: AppliedAction, shown: ConversationPayload) -> ActionResult:
    members: dict[str, Any] = {"conversation": shown}
    if applied.message is not None:
        members["message"] = MessagePayload.of(applied.message, state_version=shown.state_version)
    if applied.order is not None:
        members["payment"] = PaymentPayload.of(applied.order)
    if applied.repeated:
        members["repeated"] = True
    return ActionResult.model_construct(**members)
