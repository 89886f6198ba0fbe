"""Transitions that no party causes: transitions by the system (payment, deadlines, reminders) and by operators."""

from dataclasses import replace
from typing import Any

from conversations.flows.decisions import Decision, Due, Timing
from conversations.flows.definitions import Deadline, Input, Reminders, Role, StateKind, SystemAction
from conversations.flows.errors import UnknownAction, WrongState
from conversations.flows.facts import template_values
from conversations.flows.inputs import read
from conversations.flows.kinds import InputKind, Interruption
from conversations.flows.templates import render
from conversations.flows.transitions import CurrentState, check_current, message, transition_to

REMIND = "remind"
PAUSE, RESUME, CLOSE = "pause", "resume", "close"
REASON = Input(id="reason", kind=InputKind.TEXT, label="Reason", required=False, max_length=500)


def by_system(current: CurrentState, name: str, state_version: int | None) -> Decision:
    """Return the decision for a system action. `name` is `REMIND` or one of the state's system actions.

    Payments, refunds and disputes take effect even while the automation is paused: the conversation stays paused unless
    it is closed, and the deadline of the new state is held. Deadlines and reminders do not take effect during a pause.

    Raises `ConversationClosed`, `StaleAction`, or `WrongState` if the state does not have the system action.
    """
    check_current(current, state_version)
    if name == REMIND:
        return _remind(current)
    rule, possible = current.state.inactivity, current.state.system_actions
    if isinstance(rule, Deadline) and not current.facts.paused:
        possible += (rule.system_action,)
    system_action = next((one for one in possible if one.name == name and _is_possible(current, one)), None)
    match system_action:
        case None:
            raise WrongState
        case SystemAction(interruption=Interruption.BEGIN):
            after = replace(current.facts, interrupted_state=current.state_name)
            return transition_to(current, system_action, after=after, timing=Timing.HOLD)
        case SystemAction(interruption=Interruption.END):
            after = replace(current.facts, interrupted_state=None)
            timing = Timing.HOLD if current.facts.paused else Timing.RESUME
            return transition_to(current, system_action, after=after, timing=timing)
    return transition_to(current, system_action)


def _is_possible(current: CurrentState, system_action: SystemAction) -> bool:
    ends = system_action.interruption is Interruption.END
    return not ends or system_action.to == current.facts.interrupted_state


def _remind(current: CurrentState) -> Decision:
    rule, awaited = current.state.inactivity, current.state.awaiting
    if current.facts.paused or awaited is None or not isinstance(rule, Deadline | Reminders):
        raise WrongState
    prompt = render(current.state.title, template_values(current.flow, current.facts))
    input_values = {"awaited": current.name_of(awaited), "prompt": prompt}
    return Decision(
        action=REMIND,
        conversation_state=current.conversation_state,
        facts=current.facts,
        message=message(current, current.flow.reminder_text, sender=Role.SYSTEM, input_values=input_values),
        action_data=current.prompt,
        timing=Timing.REMINDED,
        due=Due(remind_after=rule.every if isinstance(rule, Reminders) else None),
    )


def by_operator(current: CurrentState, name: str, data: Any, state_version: int | None) -> Decision:
    """Return the decision for an intervention. `PAUSE` and `RESUME` keep the state, `CLOSE` closes the conversation.

    `data` can have a `reason`. Raises `UnknownAction`, `ConversationClosed`, `StaleAction`, `Invalid`, or `WrongState`
    if the intervention is not possible in this state.
    """
    makers = {PAUSE: _pause, RESUME: _resume, CLOSE: _close}
    if name not in makers:
        raise UnknownAction
    check_current(current, state_version)
    return makers[name](current, read((REASON,), data, current.facts.currency))


def _pause(current: CurrentState, data: dict[str, Any]) -> Decision:
    if current.facts.paused or current.state.kind is not StateKind.GUIDED:
        raise WrongState
    texts = current.flow.operator_texts
    pausing = SystemAction(name="paused", to=current.state_name, text=texts.paused, summary=texts.paused_summary)
    return _stay(current, pausing, data, is_paused=True)


def _resume(current: CurrentState, data: dict[str, Any]) -> Decision:
    if not current.facts.paused:
        raise WrongState
    texts = current.flow.operator_texts
    resuming = SystemAction(name="resumed", to=current.state_name, text=texts.resumed, summary=texts.resumed_summary)
    return _stay(current, resuming, data, is_paused=False)


def _stay(current: CurrentState, transition: SystemAction, data: dict[str, Any], *, is_paused: bool) -> Decision:
    """Keep the state, and hold or resume its deadline. A dispute holds it too."""
    after = replace(current.facts, paused=is_paused)
    timing = Timing.HOLD if is_paused or after.interrupted_state else Timing.RESUME
    return transition_to(current, transition, data=data, after=after, timing=timing)


def _close(current: CurrentState, data: dict[str, Any]) -> Decision:
    if current.flow.closed is None:
        raise WrongState
    texts = current.flow.operator_texts
    return transition_to(
        current,
        SystemAction(
            name="closed_by_operator", to=current.flow.closed, text=texts.closed, summary=texts.closed_summary
        ),
        data=data,
    )
