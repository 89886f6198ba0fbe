"""The settings with which a deployment overrides numbers of a flow."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from conversations.flows.definitions import ChatStatus, Deadline, Flow, Reminders, State

D = TypeVar("D")
KEYS = frozenset({"rounds", "revisions", "deadlines", "reminders", "text_while_automated"})


def _count(overrides: Mapping[str, Any], key: str, default: int) -> int:
    value = overrides.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{key}: must be a whole number, zero or more")
    return value


def _duration(overrides: Mapping[str, Any], state: str, default: D) -> timedelta | D:
    if state not in overrides:
        return default
    value = overrides[state]
    if not isinstance(value, timedelta) or value <= timedelta():
        raise ValueError(f"{state}: must be a timedelta above zero")
    return value


def _inactivity(state: State, overrides: Mapping[str, Any]) -> State:
    deadlines, reminders = overrides.get("deadlines", {}), overrides.get("reminders", {})
    rule = state.inactivity
    if isinstance(rule, Deadline):
        after = _duration(deadlines, state.name, rule.after)
        remind_after = _duration(reminders, state.name, rule.remind_after)
        if remind_after and remind_after >= after:
            raise ValueError(f"{state.name}: the reminder must be before the deadline")
        return replace(state, inactivity=replace(rule, after=after, remind_after=remind_after))
    if state.name in deadlines:
        raise ValueError(f"{state.name}: has no deadline to override")
    if isinstance(rule, Reminders):
        return replace(state, inactivity=Reminders(_duration(reminders, state.name, rule.every)))
    if state.name in reminders:
        raise ValueError(f"{state.name}: has no reminder to override")
    return state


def _accepts_text(state: State, overrides: Mapping[str, Any]) -> State:
    allowed = overrides.get("text_while_automated", True)
    if not isinstance(allowed, bool):
        raise ValueError("text_while_automated: must be true or false")
    if state.chat_status is not ChatStatus.AUTOMATED:
        return state
    return replace(state, accepts_text=state.accepts_text and allowed)


def overridden(flow: Flow, overrides: Mapping[str, Any]) -> Flow:
    """Return the flow with overrides: `{rounds?, revisions?, deadlines?, reminders?, text_while_automated?}`.

    `deadlines` and `reminders` map names of states to a `timedelta`. A reminder is sent after this time, or every so
    often if the state has no deadline. Raises `ValueError` if a key, state or value does not fit the flow.
    """
    names = {state.name for state in flow.states}
    named = {*overrides.get("deadlines", {}), *overrides.get("reminders", {})}
    unknown = (overrides.keys() - KEYS) | (named - names)
    if unknown:
        raise ValueError(f"{flow.name}: unknown setting or state: {', '.join(sorted(unknown))}")
    return replace(
        flow,
        rounds=_count(overrides, "rounds", flow.rounds),
        revisions=_count(overrides, "revisions", flow.revisions),
        states=tuple(_accepts_text(_inactivity(state, overrides), overrides) for state in flow.states),
    )
