"""Proof that a flow is whole. A fault's id does not change, so that tests and people can name it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from conversations.flows.definitions import (
    OFFERS,
    ChatStatus,
    Deadline,
    Effect,
    Flow,
    Guard,
    InputKind,
    PriceRule,
    Reminders,
    State,
    StateKind,
)
from conversations.flows.graph import Edge, edges, edges_from, leading_to, reached, without_offer
from conversations.flows.text_checks import faults_of_texts


@dataclass(frozen=True)
class Problem:
    """`where` names the state, action or type of conversation, or the flow itself."""

    id: str
    where: str
    message: str


Faults = Iterator[Problem]

STYLES = frozenset({"primary", "success", "danger", "secondary"})


def problems(flow: Flow) -> list[Problem]:
    """Everything that is wrong with a flow. Names are checked first, because all else follows them."""
    found = [*_names(flow), *_targets(flow)]
    if found:
        return found
    return [fault for check in _CHECKS for fault in check(flow)]


def _names(flow: Flow) -> Faults:
    for name, count in Counter(state.name for state in flow.states).items():
        if count > 1:
            yield Problem("E002", name, "two states have this name")
    if flow.initial not in {state.name for state in flow.states}:
        yield Problem("E001", flow.name, f"begins in {flow.initial!r}, which is no state of it")


def _targets(flow: Flow) -> Faults:
    names = {state.name for state in flow.states}
    for edge in edges(flow):
        if edge.target not in names:
            where = f"{edge.source}.{edge.reason}"
            yield Problem("E003", where, f"leads to {edge.target!r}, which is no state")
    if flow.closed is not None and flow.closed not in names:
        yield Problem("E003", flow.name, f"is closed into {flow.closed!r}, which is no state")


def _reachable(flow: Flow) -> Faults:
    start = {flow.initial} | ({flow.closed} if flow.closed else set())
    for name in {state.name for state in flow.states} - reached(start, edges(flow)):
        yield Problem("E004", name, "is never reached")


def _traps(flow: Flow) -> Faults:
    """An end can be reached from every state, even if nobody ever gets another round or revision."""
    ends = {state.name for state in flow.states if state.kind is not StateKind.LEADING}
    last = [edge for edge in edges(flow) if edge.guard not in {Guard.ROUNDS_LEFT, Guard.REVISIONS_LEFT}]
    for name in sorted({state.name for state in flow.states} - leading_to(ends, last)):
        yield Problem("E005", name, "is a trap: no end can be reached from it")


def _final(flow: Flow) -> Faults:
    for state in flow.states:
        if state.kind is StateKind.FINAL and (state.actions or edges_from(state)):
            yield Problem("E006", state.name, "is final, and something leaves it")
        if (state.kind is StateKind.FINAL) is not (state.chat_status is ChatStatus.CLOSED):
            yield Problem("E007", state.name, "is final without being closed, or closed without being final")
    if flow.closed and flow.state(flow.closed).kind is not StateKind.FINAL:
        yield Problem("E007", flow.closed, "is what an operator closes into, and is not final")


_GUARDS_HOLDING = tuple(
    product((Guard.ROUNDS_LEFT, Guard.NO_ROUNDS_LEFT), (Guard.REVISIONS_LEFT, Guard.NO_REVISIONS_LEFT))
)


def _has_action(state: State, holding: tuple[Guard, ...]) -> bool:
    """Whether the awaited side can act while these guards hold."""
    return any(
        not action.outcomes or any(outcome.guard in {None, *holding} for outcome in action.outcomes)
        for action in state.actions
        if state.awaiting in action.roles
    )


def _roles(flow: Flow) -> Faults:
    if flow.opened_by is not None and flow.opened_by not in flow.parties:
        yield Problem("E008", flow.name, f"is opened by {flow.opened_by}, who is no party")
    for state in flow.states:
        if state.awaiting is not None and state.awaiting not in flow.parties:
            yield Problem("E008", state.name, f"awaits {state.awaiting}, who is no party")
        if state.awaiting and not all(_has_action(state, holding) for holding in _GUARDS_HOLDING):
            yield Problem("E009", state.name, f"awaits {state.awaiting}, who may have nothing to do there")
        for action in state.actions:
            where = f"{state.name}.{action.name}"
            if not action.roles or not set(action.roles) <= set(flow.parties):
                yield Problem("E010", where, "has no role, or that of somebody who is no party")
            if state.awaiting and action.roles != (state.awaiting,):
                yield Problem("E011", where, f"may be done by others than {state.awaiting}, who is awaited")


def _ambiguous(flow: Flow) -> Faults:
    for state in flow.states:
        names: list[tuple[str, str | None]] = [(action.name, None) for action in state.actions]
        names += [(event.name, None) for event in state.all_events()]
        names += [(old.name, old.value) for action in state.actions for old in action.old_names]
        for (name, value), count in Counter(names).items():
            if count > 1:
                said = name if value is None else f"{name} {value}"
                yield Problem("E012", state.name, f"{said!r} has two meanings")
    for action in flow.actions():
        if any(other.roles != action.roles for other in flow.known_as(action.name)):
            yield Problem("E013", action.name, "is done by different roles in different states")


def _inputs(flow: Flow) -> Faults:
    for state in flow.states:
        for action in state.actions:
            where = f"{state.name}.{action.name}"
            for given in action.inputs:
                is_text = given.kind in {InputKind.TEXT, InputKind.TEXTAREA}
                bound = given.max_length if is_text else given.max_items
                if given.kind is not InputKind.PRICE and (bound is None or bound < 1):
                    yield Problem("E014", f"{where}.{given.id}", "has no upper bound")
            if len({given.id for given in action.inputs}) < len(action.inputs):
                yield Problem("E015", where, "two inputs have the same id")
            needed = {given.id: given.kind for given in action.inputs if given.required}
            if not _INPUTS_OF_EFFECT.get(action.effect, {}).items() <= needed.items():
                yield Problem("E016", where, f"does not ask for what {action.effect} records")
            if action.style not in STYLES:
                yield Problem("E017", where, f"{action.style!r} is no style")


_INPUTS_OF_EFFECT: dict[Effect | None, dict[str, InputKind]] = {
    **{effect: {"price": InputKind.PRICE} for effect in OFFERS},
    Effect.DELIVER: {"deliverables": InputKind.TEXTAREA, "description": InputKind.TEXTAREA},
    Effect.REQUEST_REVISION: {"feedback": InputKind.TEXTAREA},
}


def _offers(flow: Flow) -> Faults:
    """What needs an offer on the table stands behind one on every path."""
    without = without_offer(flow)
    for state in flow.states:
        for action in state.actions:
            compares = any(given.price_rule is not PriceRule.FREE for given in action.inputs)
            needs = compares or action.effect in {Effect.ACCEPT_OFFER, Effect.OPEN_PAYMENT}
            if needs and state.name in without:
                yield Problem("E018", f"{state.name}.{action.name}", "needs an offer, and there may be none")
            if action.effect is Effect.OPEN_PAYMENT and action.outcomes:
                # It is taken again when the provider has answered.
                yield Problem("E029", f"{state.name}.{action.name}", "opens a payment and leads somewhere")


def _deadlines(flow: Flow) -> Faults:
    for state in flow.states:
        rule = state.left_alone
        if state.awaiting and rule is None:
            yield Problem("E019", state.name, "awaits somebody and does not say for how long")
        if not state.awaiting and isinstance(rule, Deadline | Reminders):
            yield Problem("E020", state.name, "awaits nobody and has a deadline")
        if isinstance(rule, Deadline) and not 0 < rule.reminder.total_seconds() < rule.after.total_seconds():
            yield Problem("E021", state.name, "is reminded of when it is too late, or before it began")
        if isinstance(rule, Reminders) and rule.every.total_seconds() <= 0:
            yield Problem("E021", state.name, "is reminded of without a pause")
    if flow.rounds < 0 or flow.revisions < 0:
        yield Problem("E022", flow.name, "counts rounds or revisions below zero")


def _at_once(flow: Flow) -> Faults:
    """Steps that follow at once come to an end, and nobody could act in between."""
    following = [Edge(state.name, state.at_once.to, state.at_once.name, ()) for state in flow.states if state.at_once]
    for state in flow.states:
        if state.at_once and state.name in reached({state.at_once.to}, following):
            yield Problem("E023", state.name, "goes on at once, for ever")
        if state.at_once and (state.awaiting or state.actions or state.events or state.left_alone):
            yield Problem("E024", state.name, "goes on at once, so that nothing else can happen in it")


def _texts(flow: Flow) -> Faults:
    return (Problem(*fault) for fault in faults_of_texts(flow))


_CHECKS: tuple[Callable[[Flow], Faults], ...] = (
    _reachable,
    _traps,
    _final,
    _roles,
    _ambiguous,
    _inputs,
    _offers,
    _deadlines,
    _at_once,
    _texts,
)
