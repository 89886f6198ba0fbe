"""The socket command that takes an action: parse, call one service, answer."""

from accounts.models import User
from deals.actions import Acting, act_again, act_together, answer_to
from deals.payments.orders import aopen_at_provider
from deals.requests import ConversationActionRequest
from deals.responses import ActionResult
from deals.transitions import AppliedAction
from foundation.database.batching import Batcher, write_batcher
from foundation.database.executor import in_database
from messaging.rate_limits import SENDS, over_limit
from realtime import Caller, Command, registry

CONVERSATION = "01980000-0000-7000-8000-00000000000c"


async def conversation_action(caller: Caller, given: ConversationActionRequest) -> ActionResult:
    acting = Acting(caller.user, given.conversation_id, given)
    done = await _acting.submit(acting)
    if isinstance(done, ActionResult):
        return done
    assert done.order is not None
    # The batch is over: nobody else waits for the provider.
    at_provider = await aopen_at_provider(done.order)
    return await in_database(lambda: answer_to(act_again(acting, done, at_provider), caller.user))


def _act_within_limits(actings: list[Acting]) -> list[ActionResult | AppliedAction | Exception]:
    refused = over_limit(SENDS, [acting.user for acting in actings])
    allowed = [one for one, error in zip(actings, refused, strict=True) if error is None]
    acted = iter(act_together(allowed))
    return [error or _answered(next(acted), one.user) for one, error in zip(actings, refused, strict=True)]


def _answered(acted: AppliedAction | Exception, user: User) -> ActionResult | AppliedAction | Exception:
    return acted if isinstance(acted, Exception) or acted.awaits_provider else answer_to(acted, user)


_acting: Batcher[Acting, ActionResult | AppliedAction] = write_batcher(
    _act_within_limits, key=lambda acting: acting.conversation_id
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
