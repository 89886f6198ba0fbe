"""A decision carried out: what it records, when the conversation falls due, and its steps in their order.

The caller has locked the conversation and is in a unit of work.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from accounts.models import SYSTEM_USER_ID, User
from conversations import ledger
from conversations.flows import Decision, Standing, Timing
from conversations.flows.decisions import Delivery as Work
from conversations.flows.decisions import Step
from conversations.models import Conversation, Delivery, Revision, Transition
from foundation import clock

Announce = Callable[[Transition | None, Delivery | None], None]
"""Says what has happened: called with the first step, if there is one, and the work that was handed over."""


def carry_out(*, conversation: Conversation, decision: Decision, actor: User, announce: Announce) -> None:
    """Write everything that a decision says, but for payments, which are the caller's.

    The first step is the actor's, those that follow at once are the system's. What there is to say is said right
    after the first one.
    """
    now = clock.now()
    keep_time(conversation, decision, now)
    if not decision.steps:
        conversation.save(update_fields=["remind_at"])
        announce(None, None)
        return
    conversation.updated_at = now
    delivery = _record(conversation, decision, actor)
    for number, step in enumerate(decision.steps, start=1):
        stand(conversation, step.after, step.state_version)
        has_prompt = number == len(decision.steps) and decision.action_data is not None
        conversation.current_action_data = dict(decision.action_data or {}) if has_prompt else None
        conversation.save()
        if number == 1:
            first = record_transition(conversation=conversation, step=step, actor=actor, data=dict(decision.data))
            announce(first, delivery)
        else:
            record_transition(conversation=conversation, step=step, actor=User(pk=SYSTEM_USER_ID))


def stand(conversation: Conversation, standing: Standing, state_version: int) -> None:
    """Put a conversation where it is said to stand; saving it is the caller's."""
    conversation.flow_state = standing.flow_state
    conversation.chat_status = standing.chat_status.value
    conversation.awaiting_role = standing.awaiting_role.value if standing.awaiting_role else None
    conversation.automation_enabled = standing.automation_enabled
    conversation.state_version = state_version


def keep_time(conversation: Conversation, decision: Decision, now: datetime) -> None:
    """Move a conversation's deadline and reminder as a decision has it; saving it is the caller's."""
    conversation.paused = decision.facts.paused
    due = decision.due
    match decision.timing:
        case Timing.RESTART if conversation.paused:
            _set(conversation, held=(due.after, due.remind_after))
        case Timing.RESTART:
            _set(conversation, at=(_after(now, due.after), _after(now, due.remind_after)))
        case Timing.HOLD:
            _set(conversation, held=(_left(conversation.due_at, now), _left(conversation.remind_at, now)))
        case Timing.RESUME:
            _set(conversation, at=(_after(now, conversation.due_left), _after(now, conversation.remind_left)))
        case Timing.REMINDED:
            conversation.remind_at = _after(now, due.remind_after)


def _set(
    conversation: Conversation,
    *,
    at: tuple[datetime | None, datetime | None] = (None, None),
    held: tuple[timedelta | None, timedelta | None] = (None, None),
) -> None:
    conversation.due_at, conversation.remind_at = at
    conversation.due_left, conversation.remind_left = held


def _after(now: datetime, span: timedelta | None) -> datetime | None:
    return None if span is None else now + span


def _left(moment: datetime | None, now: datetime) -> timedelta | None:
    return None if moment is None else max(moment - now, timedelta())


def _record(conversation: Conversation, decision: Decision, actor: User) -> Delivery | None:
    if decision.offer:
        ledger.put_on_table(
            conversation=conversation, offer=decision.offer, proposer=actor, lapses_at=conversation.due_at
        )
    if decision.accepted:
        ledger.accept(offer_id=decision.accepted.id, accepter=actor)
    if decision.revision:
        Revision.objects.create(
            conversation=conversation,
            number=decision.revision.number,
            feedback=decision.revision.feedback,
            asker=actor,
        )
    conversation.revisions_used = decision.facts.revisions_used
    return _handed_over(conversation, decision.delivery, actor) if decision.delivery else None


def _handed_over(conversation: Conversation, work: Work, actor: User) -> Delivery:
    return Delivery.objects.create(
        conversation=conversation,
        number=work.number,
        deliverables=work.deliverables,
        description=work.description,
        notes=work.notes,
        deliverer=actor,
    )


def record_transition(
    *, conversation: Conversation, step: Step, actor: User, data: dict[str, Any] | None = None
) -> Transition:
    """Write a step that the conversation has already taken; its events follow from it."""
    transition = transition_of(conversation=conversation, step=step, actor=actor, data=data)
    transition.save()
    return transition


def transition_of(
    *, conversation: Conversation, step: Step, actor: User, data: dict[str, Any] | None = None
) -> Transition:
    """The row of a step, not yet saved."""
    return Transition(
        conversation=conversation,
        from_standing=_words(step.before) if step.before else None,
        to_standing=_words(step.after),
        action=step.reason,
        actor=actor,
        data=data or {},
        state_version=step.state_version,
        flow_version=conversation.flow_version,
    )


def _words(standing: Standing) -> dict[str, str | None]:
    return {
        "chat_status": standing.chat_status.value,
        "flow_state": standing.flow_state,
        "awaiting_role": standing.awaiting_role.value if standing.awaiting_role else None,
    }
