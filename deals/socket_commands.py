"""The socket command that takes an action."""

from operator import attrgetter
from typing import TypeGuard

from deals.actions import ActionAttempt, finish_action, result_of, results_of, take_actions
from deals.payments.orders import Outcome, aopen_at_provider
from deals.requests import ConversationActionRequest
from deals.responses import ActionResult
from deals.transitions import AppliedAction
from foundation.database.batching import Batcher, apply_to_valid, write_batcher
from foundation.database.executor import in_database
from messaging.conflicts import describe_conflicts, describing_conflicts
from messaging.rate_limits import SENDS, check_user_limits
from realtime import Caller, Command, registry

CONVERSATION = "01980000-0000-7000-8000-00000000000c"


async def conversation_action(caller: Caller, data: ConversationActionRequest) -> ActionResult:
    attempt = ActionAttempt(caller.user, data.conversation_id, data)
    applied = await _action_batcher.submit(attempt)
    if isinstance(applied, ActionResult):
        return applied
    assert applied.order is not None
    # The batch has ended, so other actions do not wait for the provider.
    outcome = await aopen_at_provider(applied.order)
    return await in_database(_finish, attempt, applied, outcome)


def _finish(attempt: ActionAttempt, before: AppliedAction, outcome: Outcome) -> ActionResult:
    with describing_conflicts(attempt.user, attempt.conversation_id):
        applied = finish_action(attempt, before, outcome)
    return result_of(applied, attempt.user)


def _take_actions_within_limits(attempts: list[ActionAttempt]) -> list[ActionResult | AppliedAction | Exception]:
    results = apply_to_valid(take_actions, check_user_limits(SENDS, attempts, attrgetter("user")))
    describe_conflicts(results, [(attempt.user, attempt.conversation_id) for attempt in attempts])
    finished = [(one, attempt.user) for one, attempt in zip(results, attempts, strict=True) if _is_finished(one)]
    responses = iter(results_of(finished))
    return [next(responses) if _is_finished(one) else one for one in results]


def _is_finished(result: AppliedAction | Exception) -> TypeGuard[AppliedAction]:
    return isinstance(result, AppliedAction) and not result.awaits_provider


_action_batcher: Batcher[ActionAttempt, ActionResult | AppliedAction] = write_batcher(
    _take_actions_within_limits, key=lambda attempt: attempt.conversation_id
)


registry.command(
    Command(
        name="conversation_action",
        request=ConversationActionRequest,
        response=ActionResult,
        handler=conversation_action,
        summary="Takes an action of the flow, as `POST /api/conversations/{id}/actions`.",
        example={
            "conversation_id": CONVERSATION,
            "action": "send_price_offer",
            "data": {"price": "1000.00"},
            "state_version": 4,
        },
    )
)
