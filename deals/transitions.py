"""Applying a decision of the flow: storing its records, transitions and system message in one transaction.

The caller must have locked the conversation and must be in a unit of work.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from accounts.models import SYSTEM_USER_ID, User
from conversations.flows import Decision, Role, Timing, decide
from conversations.models import Conversation, Participant, Transition
from conversations.selectors import participants_of
from conversations.transitions import record_transition, set_state
from deals import offers
from deals.facts import deal_to_change, facts_of
from deals.models import Deal, Delivery, PaymentOrder, Revision
from foundation import clock
from messaging.models import Message
from messaging.system_messages import write_system_message


@dataclass(frozen=True, kw_only=True)
class AppliedAction:
    """The result of an action. `repeated` is True if the same request was applied before."""

    conversation: Conversation
    message: Message | None = None
    order: PaymentOrder | None = None
    repeated: bool = False

    @property
    def awaits_provider(self) -> bool:
        """Whether the provider must open the order before the request is answered."""
        return self.order is not None and self.order.is_unopened


def apply_system_action(conversation: Conversation, system_action: str, *, with_message: bool = True) -> AppliedAction:
    """Take a system action of the state, or send a reminder. Raises `ConversationClosed` or `WrongState`.

    Without the message, the caller tells both parties what has happened.
    """
    participants, version = participants_of(conversation), conversation.state_version
    system = User(pk=SYSTEM_USER_ID)
    return apply_action(
        conversation,
        participants,
        system,
        Role.SYSTEM,
        system_action,
        state_version=version,
        with_message=with_message,
    )[0]


def apply_action(
    conversation: Conversation,
    participants: Sequence[Participant],
    actor: User,
    role: Role,
    action: str,
    data: Any = None,
    *,
    state_version: int | None,
    with_message: bool = True,
) -> tuple[AppliedAction, Decision]:
    """Store everything that the flow decides, except payments, which the caller stores. Raises what `decide` raises."""
    deal = deal_to_change(conversation)
    facts = facts_of(conversation, deal, participants)
    decision = decide(
        conversation.flow, conversation.flow_state, facts, role, action, data, state_version=state_version
    )
    if not with_message:
        decision = replace(decision, message=None)
    assert deal is not None  # `decide` raises an error if the flow has no actions; otherwise there is a deal
    return _apply(conversation, deal, participants, decision, actor), decision


def _apply(
    conversation: Conversation, deal: Deal, participants: Sequence[Participant], decision: Decision, actor: User
) -> AppliedAction:
    """The actor makes the first transition, and the system the automatic transitions. The message follows the first
    transition."""
    now, before = clock.now(), deal.snapshot()
    _set_schedule(conversation, deal, decision, now)
    if not decision.state_changes:
        conversation.save(update_fields=["remind_at"])
        message = _write_message(conversation, participants, decision, actor)
        return AppliedAction(conversation=conversation, message=message)
    conversation.updated_at = now
    _record(conversation, deal, decision, actor)
    if deal.snapshot() != before:
        deal.save()
    message = None
    for number, change in enumerate(decision.state_changes, start=1):
        set_state(conversation, change.after, change.state_version)
        has_prompt = number == len(decision.state_changes) and decision.action_data is not None
        conversation.current_action_data = dict(decision.action_data or {}) if has_prompt else None
        conversation.save()
        if number == 1:
            first = record_transition(conversation=conversation, change=change, actor=actor, data=dict(decision.data))
            message = _write_message(conversation, participants, decision, actor, first)
        else:
            record_transition(conversation=conversation, change=change, actor=User(pk=SYSTEM_USER_ID))
    return AppliedAction(conversation=conversation, message=message)


def _set_schedule(conversation: Conversation, deal: Deal, decision: Decision, now: datetime) -> None:
    """Set the deadline and the reminder that a decision demands. The caller must save both rows."""
    conversation.paused = decision.facts.paused
    due = decision.due
    match decision.timing:
        case Timing.RESTART if conversation.paused:
            _set(conversation, deal, held=(due.after, due.remind_after))
        case Timing.RESTART:
            _set(conversation, deal, at=(_after(now, due.after), _after(now, due.remind_after)))
        case Timing.HOLD:
            due_left = _remaining(conversation.due_at, now, deal.due_left)
            _set(conversation, deal, held=(due_left, _remaining(conversation.remind_at, now, deal.remind_left)))
        case Timing.RESUME:
            _set(conversation, deal, at=(_after(now, deal.due_left), _after(now, deal.remind_left)))
        case Timing.REMINDED:
            conversation.remind_at = _after(now, due.remind_after)


def _set(
    conversation: Conversation,
    deal: Deal,
    *,
    at: tuple[datetime | None, datetime | None] = (None, None),
    held: tuple[timedelta | None, timedelta | None] = (None, None),
) -> None:
    conversation.due_at, conversation.remind_at = at
    deal.due_left, deal.remind_left = held


def _after(now: datetime, span: timedelta | None) -> datetime | None:
    return None if span is None else now + span


def _remaining(moment: datetime | None, now: datetime, held: timedelta | None) -> timedelta | None:
    """Return the time until a moment, or the time that is held already."""
    return held if moment is None else max(moment - now, timedelta())


def _record(conversation: Conversation, deal: Deal, decision: Decision, actor: User) -> None:
    if decision.offer:
        offers.make_offer(deal=deal, offer=decision.offer, proposer=actor, lapses_at=conversation.due_at)
    if decision.accepted:
        offers.accept_offer(offer_id=decision.accepted.id, accepter=actor)
    if decision.withdrawn:
        offers.withdraw_offer(deal=deal, withdrawer=actor)
    if decision.revision:
        Revision.objects.create(
            conversation=conversation,
            number=decision.revision.number,
            feedback=decision.revision.feedback,
            requester=actor,
        )
    deal.revisions_used = decision.facts.revisions_used
    deal.offers_withdrawn = decision.facts.offers_withdrawn
    deal.interrupted_state = decision.facts.interrupted_state or ""


def _write_message(
    conversation: Conversation,
    participants: Sequence[Participant],
    decision: Decision,
    actor: User,
    transition: Transition | None = None,
) -> Message | None:
    """Store the system message of a decision and the work that it delivers."""
    if decision.message is None:
        return None
    message = write_system_message(
        conversation=conversation,
        participants=participants,
        content=decision.message,
        transition=transition,
        upload_ids=decision.delivery.attachments if decision.delivery else (),
    )
    if decision.delivery is not None:
        _record_delivery(conversation, decision, message, actor)
    return message


def _record_delivery(conversation: Conversation, decision: Decision, message: Message, actor: User) -> None:
    work = decision.delivery
    assert work is not None
    Delivery.objects.create(
        conversation=conversation,
        message=message,
        number=work.number,
        deliverables=work.deliverables,
        description=work.description,
        notes=work.notes,
        deliverer=actor,
    )
