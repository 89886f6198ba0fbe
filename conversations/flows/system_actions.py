"""Moves that no party makes: those of the system (payment, deadlines, reminders) and of operators."""

from dataclasses import replace
from typing import Any

from conversations.flows.decisions import Decision, Due, Timing
from conversations.flows.definitions import Deadline, Input, InputKind, Reminders, Role, StateKind
from conversations.flows.errors import UnknownAction, WrongState
from conversations.flows.facts import values
from conversations.flows.inputs import read
from conversations.flows.texts import render
from conversations.flows.transitions import Situation, check_current, message, move

REMIND = "remind"
PAUSE, RESUME, CLOSE = "pause", "resume", "close"
REASON = Input(id="reason", kind=InputKind.TEXT, label="Reason", required=False, max_length=500)


def by_system(at: Situation, name: str, state_version: int | None) -> Decision:
    """`name` is `REMIND`, or one of the state's events.

    A payment that arrives while the automation is paused moves the conversation all the same: it stays
    paused, and the deadline of the state reached is held. Deadlines and reminders do not happen meanwhile.
    """
    check_current(at, state_version)
    if name == REMIND:
        return _remind(at)
    event = next((event for event in at.state.events if event.name == name), None)
    rule = at.state.left_alone
    if event is None and isinstance(rule, Deadline) and rule.event.name == name and not at.facts.paused:
        event = rule.event
    if event is None:
        raise WrongState
    return move(at, to=event.to, reason=name, text=event.text)


def _remind(at: Situation) -> Decision:
    rule, awaited = at.state.left_alone, at.state.awaiting
    if at.facts.paused or awaited is None or not isinstance(rule, Deadline | Reminders):
        raise WrongState
    prompt = render(at.state.title, values(at.flow, at.facts))
    said = {"awaited": at.name_of(awaited), "prompt": prompt}
    return Decision(
        action=REMIND,
        standing=at.standing,
        facts=at.facts,
        message=message(at, at.flow.reminder_text, sender=Role.SYSTEM, said=said),
        action_data=at.prompt,
        timing=Timing.REMINDED,
        due=Due(remind_after=rule.every if isinstance(rule, Reminders) else None),
    )


def by_operator(at: Situation, name: str, data: Any, state_version: int | None) -> Decision:
    """`PAUSE` and `RESUME` keep the state, `CLOSE` ends the conversation; each takes a `reason`."""
    makers = {PAUSE: _pause, RESUME: _resume, CLOSE: _close}
    if name not in makers:
        raise UnknownAction
    check_current(at, state_version)
    return makers[name](at, read((REASON,), data, at.facts.currency))


def _pause(at: Situation, data: dict[str, Any]) -> Decision:
    if at.facts.paused or at.state.kind is not StateKind.LEADING:
        raise WrongState
    return move(
        at,
        to=at.state_name,
        reason="paused",
        text=at.flow.operator_texts.paused,
        data=data,
        after=replace(at.facts, paused=True),
        timing=Timing.HOLD,
    )


def _resume(at: Situation, data: dict[str, Any]) -> Decision:
    if not at.facts.paused:
        raise WrongState
    return move(
        at,
        to=at.state_name,
        reason="resumed",
        text=at.flow.operator_texts.resumed,
        data=data,
        after=replace(at.facts, paused=False),
        timing=Timing.RESUME,
    )


def _close(at: Situation, data: dict[str, Any]) -> Decision:
    if at.flow.closed is None:
        raise WrongState
    return move(
        at,
        to=at.flow.closed,
        reason="closed_by_operator",
        text=at.flow.operator_texts.closed,
        data=data,
        after=replace(at.facts, paused=False),
    )
