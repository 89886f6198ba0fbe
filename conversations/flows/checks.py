"""Checks that a flow is complete. The id of a problem is stable, so that tests and people can name it."""

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
class FlowProblem:
    """`where` names the state, action or type of conversation, or the flow itself."""

    id: str
    where: str
    message: str


Faults = Iterator[FlowProblem]

STYLES = frozenset({"primary", "success", "danger", "secondary"})


def problems(flow: Flow) -> list[FlowProblem]:
    """Everything that is wrong with a flow. Names are checked first, because all else follows them."""
    found = [*_names(flow), *_targets(flow)]
    if found:
        return found
    return [fault for check in _CHECKS for fault in check(flow)]


def _names(flow: Flow) -> Faults:
    for name, count in Counter(state.name for state in flow.states).items():
        if count > 1:
            yield FlowProblem("E002", name, "two states have this name")
    if flow.initial not in {state.name for state in flow.states}:
        yield FlowProblem("E001", flow.name, f"begins in {flow.initial!r}, which is no state of it")


def _targets(flow: Flow) -> Faults:
    names = {state.name for state in flow.states}
    for edge in edges(flow):
        if edge.target not in names:
            where = f"{edge.source}.{edge.reason}"
            yield FlowProblem("E003", where, f"leads to {edge.target!r}, which is no state")
    if flow.closed is not None and flow.closed not in names:
        yield FlowProblem("E003", flow.name, f"is closed into {flow.closed!r}, which is no state")


def _reachable(flow: Flow) -> Faults:
    start = {flow.initial} | ({flow.closed} if flow.closed else set())
    for name in {state.name for state in flow.states} - reached(start, edges(flow)):
        yield FlowProblem("E004", name, "is never reached")


def _traps(flow: Flow) -> Faults:
    """An end can be reached from every state, even if nobody ever gets another round or revision."""
    ends = {state.name for state in flow.states if state.kind is not StateKind.GUIDED}
    last = [edge for edge in edges(flow) if edge.guard not in {Guard.ROUNDS_LEFT, Guard.REVISIONS_LEFT}]
    for name in sorted({state.name for state in flow.states} - leading_to(ends, last)):
        yield FlowProblem("E005", name, "is a trap: no end can be reached from it")


def _final(flow: Flow) -> Faults:
    for state in flow.states:
        if state.kind is StateKind.FINAL and (state.actions or edges_from(state)):
            yield FlowProblem("E006", state.name, "is final, and something leaves it")
        if (state.kind is StateKind.FINAL) is not (state.chat_status is ChatStatus.CLOSED):
            yield FlowProblem("E007", state.name, "is final without being closed, or closed without being final")
    if flow.closed and flow.state(flow.closed).kind is not StateKind.FINAL:
        yield FlowProblem("E007", flow.closed, "is what an operator closes into, and is not final")


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
        yield FlowProblem("E008", flow.name, f"is opened by {flow.opened_by}, who is no party")
    for state in flow.states:
        if state.awaiting is not None and state.awaiting not in flow.parties:
            yield FlowProblem("E008", state.name, f"awaits {state.awaiting}, who is no party")
        if state.awaiting and not all(_has_action(state, holding) for holding in _GUARDS_HOLDING):
            yield FlowProblem("E009", state.name, f"awaits {state.awaiting}, who may have nothing to do there")
        for action in state.actions:
            where = f"{state.name}.{action.name}"
            if not action.roles or not set(action.roles) <= set(flow.parties):
                yield FlowProblem("E010", where, "has no role, or that of somebody who is no party")
            if state.awaiting and action.roles != (state.awaiting,):
                yield FlowProblem("E011", where, f"may be done by others than {state.awaiting}, who is awaited")


def _ambiguous(flow: Flow) -> Faults:
    for state in flow.states:
        names: list[tuple[str, str | None]] = [(action.name, None) for action in state.actions]
        names += [(system_action.name, None) for system_action in state.all_system_actions()]
        names += [(alias.name, alias.value) for action in state.actions for alias in action.aliases]
        for (name, value), count in Counter(names).items():
            if count > 1:
                said = name if value is None else f"{name} {value}"
                yield FlowProblem("E012", state.name, f"{said!r} has two meanings")
    for action in flow.actions():
        if any(other.roles != action.roles for other in flow.actions_named(action.name)):
            yield FlowProblem("E013", action.name, "is done by different roles in different states")


def _inputs(flow: Flow) -> Faults:
    for state in flow.states:
        for action in state.actions:
            where = f"{state.name}.{action.name}"
            for field in action.inputs:
                is_text = field.kind in {InputKind.TEXT, InputKind.TEXTAREA}
                bound = field.max_length if is_text else field.max_items
                if field.kind is not InputKind.PRICE and (bound is None or bound < 1):
                    yield FlowProblem("E014", f"{where}.{field.id}", "has no upper bound")
            if len({field.id for field in action.inputs}) < len(action.inputs):
                yield FlowProblem("E015", where, "two inputs have the same id")
            needed = {field.id: field.kind for field in action.inputs if field.required}
            if not _INPUTS_OF_EFFECT.get(action.effect, {}).items() <= needed.items():
                yield FlowProblem("E016", where, f"does not ask for what {action.effect} records")
            if action.style not in STYLES:
                yield FlowProblem("E017", where, f"{action.style!r} is no style")


_INPUTS_OF_EFFECT: dict[Effect | None, dict[str, InputKind]] = {
    **{effect: {"price": InputKind.PRICE} for effect in OFFERS},
    Effect.DELIVER: {"deliverables": InputKind.TEXTAREA, "description": InputKind.TEXTAREA},
    Effect.REQUEST_REVISION: {"feedback": InputKind.TEXTAREA},
}


def _offers(flow: Flow) -> Faults:
    """What needs an offer on the table follows one on every path."""
    without = without_offer(flow)
    for state in flow.states:
        for action in state.actions:
            compares = any(field.price_rule is not PriceRule.FREE for field in action.inputs)
            needs = compares or action.effect in {Effect.ACCEPT_OFFER, Effect.OPEN_PAYMENT}
            if needs and state.name in without:
                yield FlowProblem("E018", f"{state.name}.{action.name}", "needs an offer, and there may be none")
            if action.effect is Effect.OPEN_PAYMENT and action.outcomes:
                # It is taken again when the provider has answered.
                yield FlowProblem("E029", f"{state.name}.{action.name}", "opens a payment and leads somewhere")


def _deadlines(flow: Flow) -> Faults:
    for state in flow.states:
        rule = state.inactivity
        if state.awaiting and rule is None:
            yield FlowProblem("E019", state.name, "awaits somebody and does not say for how long")
        if not state.awaiting and isinstance(rule, Deadline | Reminders):
            yield FlowProblem("E020", state.name, "awaits nobody and has a deadline")
        if isinstance(rule, Deadline) and not 0 < rule.reminder.total_seconds() < rule.after.total_seconds():
            yield FlowProblem("E021", state.name, "is reminded of when it is too late, or before it began")
        if isinstance(rule, Reminders) and rule.every.total_seconds() <= 0:
            yield FlowProblem("E021", state.name, "is reminded of without a pause")
    if flow.rounds < 0 or flow.revisions < 0:
        yield FlowProblem("E022", flow.name, "counts rounds or revisions below zero")


def _automatic_transitions(flow: Flow) -> Faults:
    """Automatic transitions come to an end, and nobody could act in between."""
    following = [
        Edge(state.name, state.automatic_transition.to, state.automatic_transition.name, ())
        for state in flow.states
        if state.automatic_transition
    ]
    for state in flow.states:
        if state.automatic_transition and state.name in reached({state.automatic_transition.to}, following):
            yield FlowProblem("E023", state.name, "has automatic transitions without an end")
        if state.automatic_transition and (state.awaiting or state.actions or state.system_actions or state.inactivity):
            yield FlowProblem("E024", state.name, "has an automatic transition, so that nothing else can happen in it")


def _texts(flow: Flow) -> Faults:
    return (FlowProblem(*fault) for fault in faults_of_texts(flow))


_CHECKS: tuple[Callable[[Flow], Faults], ...] = (
    _reachable,
    _traps,
    _final,
    _roles,
    _ambiguous,
    _inputs,
    _offers,
    _deadlines,
    _automatic_transitions,
    _texts,
)
