"""The socket command that takes an action: parse, call one service, answer."""

from operator import attrgetter

from accounts.models import User
from deals.actions import ActionAttempt, finish_action, result_of, take_actions
from deals.payments.orders import aopen_at_provider
from deals.requests import ConversationActionRequest
from deals.responses import ActionResult
from deals.transitions import AppliedAction
from foundation.database.batching import Batcher, apply_to_valid, write_batcher
from foundation.database.executor import in_database
from messaging.rate_limits import SENDS, check_user_limits
from realtime import Caller, Command, registry

CONVERSATION = "01980000-0000-7000-8000-00000000000c"


async def conversation_action(caller: Caller, data: ConversationActionRequest) -> ActionResult:
    attempt = ActionAttempt(caller.user, data.conversation_id, data)
    done = await _action_batcher.submit(attempt)
    if isinstance(done, ActionResult):
        return done
    assert done.order is not None
    # The batch is over: nobody else waits for the provider.
    at_provider = await aopen_at_provider(done.order)
    return await in_database(lambda: result_of(finish_action(attempt, done, at_provider), caller.user))


def _take_actions_within_limits(attempts: list[ActionAttempt]) -> list[ActionResult | AppliedAction | Exception]:
    done = apply_to_valid(take_actions, check_user_limits(SENDS, attempts, attrgetter("user")))
    return [_result(one, attempt.user) for one, attempt in zip(done, attempts, strict=True)]


def _result(applied: AppliedAction | Exception, user: User) -> ActionResult | AppliedAction | Exception:
    return applied if isinstance(applied, Exception) or applied.awaits_provider else result_of(applied, user)


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
