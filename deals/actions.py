"""Taking an action as a party of a conversation.

Everything is stored in one transaction under the conversation's lock. Only the flow decides what happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from accounts.models import User
from conversations.flows import Decision, ResolvedAction, Role, resolve_action
from conversations.locking import lock_as_participant
from conversations.models import Conversation, Participant
from deals.models import PaymentOrder, PaymentStatus
from deals.payloads import PaymentPayload
from deals.payments import ProviderFailed, ProviderRefused
from deals.payments.errors import NotPayable, PaymentUnavailable
from deals.payments.orders import Outcome, get_or_create_order, open_at_provider, store_outcome
from deals.payments.undecided import leave_payments_undecided
from deals.requests import ActionRequest
from deals.responses import ActionResult
from deals.tasks import open_order
from deals.transitions import AppliedAction, apply_action
from foundation import clock
from foundation.errors import DomainError
from messaging.conversation_selectors import render_current
from messaging.payloads import ConversationPayload, MessagePayload
from realtime import run_savepoint_batch, unit_of_work

RETRY_AFTER = 5
"""Seconds after which an order that the provider has not opened is tried again, by a task or the client."""


@dataclass(frozen=True)
class ActionAttempt:
    """A request of a user to take an action in a conversation."""

    user: User
    conversation_id: object
    data: ActionRequest


def take_action(*, user: User, conversation_id: object, data: ActionRequest) -> AppliedAction:
    """Take an action as a party of the conversation. A repeated request changes nothing.

    Raises `ConversationNotFound`, `Forbidden` for staff, then what `decide` raises. If the action opens a payment, it
    raises `PaymentUnavailable` if no provider responds, and `NotPayable` if the provider refuses the price for good.
    """
    attempt = ActionAttempt(user, conversation_id, data)
    applied = _take_action(attempt)
    if applied.order is None or not applied.awaits_provider:
        return applied
    return finish_action(attempt, applied, open_at_provider(applied.order))


def take_actions(attempts: Sequence[ActionAttempt]) -> list[AppliedAction | Exception]:
    """Take many actions in one transaction, without waiting for payment providers.

    Returns the result or the error of `take_action` for each attempt, in the same order. If a result has
    `awaits_provider`, the caller must call the provider and then `finish_action`.
    """
    return run_savepoint_batch(_take_action, attempts, by=lambda one: str(one.conversation_id))


def finish_action(attempt: ActionAttempt, before: AppliedAction, outcome: Outcome) -> AppliedAction:
    """Finish an action that waited for a payment provider to open its order.

    The conversation can have changed in the meantime, so the action is taken again: it returns the opened order or
    fails like a new request. Raises what `take_action` raises.
    """
    assert before.order is not None
    _store(before.order, outcome)
    applied = _take_action(attempt)
    if applied.awaits_provider:
        raise NotPayable if isinstance(outcome, ProviderRefused) else PaymentUnavailable(retry_after=RETRY_AFTER)
    return replace(applied, repeated=before.repeated)


def _store(order: PaymentOrder, outcome: Outcome) -> None:
    """Store the outcome of opening an order. If a retry can succeed, a task goes on trying."""
    with unit_of_work():
        store_outcome(order, outcome)
        if isinstance(outcome, ProviderFailed) and not isinstance(outcome, ProviderRefused):
            open_order.using(run_after=clock.now() + timedelta(seconds=RETRY_AFTER)).enqueue(order.pk)


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
    if conversation.is_closed and _was_guided(decision):
        leave_payments_undecided(conversation, cause=decision.action)
    if decision.payment is None:
        return applied
    order, is_new = get_or_create_order(conversation, decision.payment, user, decision.action)
    return replace(applied, order=order, repeated=not is_new)


def _was_guided(decision: Decision) -> bool:
    """Whether the decision was made while the flow guided the parties, and not in the free chat after it."""
    before = decision.state_changes[0].before
    return before is not None and before.automation_enabled


def _find_repeated(conversation: Conversation, user: User, data: ActionRequest) -> AppliedAction | None:
    """Return the result of an earlier request with the same actor, action, `state_version` and data, or None."""
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
    """Return the action in the state that the actor has seen, or None if the flow no longer has it."""
    try:
        return resolve_action(conversation.flow, state, data.action, data.data, conversation.currency)
    except (DomainError, KeyError):
        return None


def _order_of_repeated(
    conversation: Conversation, user: User, state_version: int, action: ResolvedAction
) -> PaymentOrder | None:
    """Return the order that the first request returned, or None."""
    orders = conversation.payment_orders.select_related("offer")
    order = orders.filter(payer=user, state_version=state_version, action=action.action).last()
    return None if order is None or order.is_unopened or order.status == PaymentStatus.CANCELED else order


def result_of(applied: AppliedAction, user: User) -> ActionResult:
    """Return the response to an action. Members that do not apply are not set."""
    return results_of([(applied, user)])[0]


def results_of(pairs: Sequence[tuple[AppliedAction, User]]) -> list[ActionResult]:
    """Return the responses to many actions, in the same order. Their conversations are read together."""
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
