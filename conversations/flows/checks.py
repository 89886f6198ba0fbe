"""Checks that a flow is complete. The id of a problem never changes, so that tests and people can name it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from conversations.flows.definitions import ChatStatus, Deadline, Flow, Reminders, State, StateKind
from conversations.flows.graph import Edge, edges, edges_from, leading_to, reached, standing_offers, without_offer
from conversations.flows.kinds import OFFERS, WITHDRAWALS, Effect, Guard, InputKind, Interruption, PriceRule
from conversations.flows.text_checks import faults_of_texts


@dataclass(frozen=True)
class FlowProblem:
    """A problem of a flow. `where` names the state, action, conversation type or flow that has it."""

    id: str
    where: str
    message: str


Faults = Iterator[FlowProblem]

STYLES = frozenset({"primary", "success", "danger", "secondary"})


def problems(flow: Flow) -> list[FlowProblem]:
    """Return all problems of a flow. If names are wrong, return only the wrong names, because the other checks rely on
    names."""
    found = [*_names(flow), *_targets(flow)]
    if found:
        return found
    return [fault for check in _CHECKS for fault in check(flow)]


def _names(flow: Flow) -> Faults:
    for name, count in Counter(state.name for state in flow.states).items():
        if count > 1:
            yield FlowProblem("E002", name, "two states have this name")
    if flow.initial not in {state.name for state in flow.states}:
        yield FlowProblem("E001", flow.name, f"begins in {flow.initial!r}, which is not one of its states")


def _targets(flow: Flow) -> Faults:
    names = {state.name for state in flow.states}
    for edge in edges(flow):
        if edge.target not in names:
            where = f"{edge.source}.{edge.reason}"
            yield FlowProblem("E003", where, f"leads to {edge.target!r}, which is not a state")
    if flow.closed is not None and flow.closed not in names:
        yield FlowProblem("E003", flow.name, f"is closed into {flow.closed!r}, which is not a state")


def _reachable(flow: Flow) -> Faults:
    start = {flow.initial} | ({flow.closed} if flow.closed else set())
    for name in {state.name for state in flow.states} - reached(start, edges(flow)):
        yield FlowProblem("E004", name, "cannot be reached")


def _traps(flow: Flow) -> Faults:
    """Check that an end can be reached from every state, even if no rounds and revisions are left."""
    ends = {state.name for state in flow.states if state.kind is not StateKind.GUIDED}
    last = [edge for edge in edges(flow) if edge.guard not in {Guard.ROUNDS_LEFT, Guard.REVISIONS_LEFT}]
    for name in sorted({state.name for state in flow.states} - leading_to(ends, last)):
        yield FlowProblem("E005", name, "has no path to an end")


def _final(flow: Flow) -> Faults:
    for state in flow.states:
        if state.kind is StateKind.FINAL and (state.actions or edges_from(state)):
            yield FlowProblem("E006", state.name, "is final but has actions or transitions")
        if (state.kind is StateKind.FINAL) is not (state.chat_status is ChatStatus.CLOSED):
            yield FlowProblem("E007", state.name, "must be both final and closed, or neither")
    if flow.closed and flow.state(flow.closed).kind is not StateKind.FINAL:
        yield FlowProblem("E007", flow.closed, "is the state into which operators close, but is not final")


_GUARDS_HOLDING = tuple(
    product((Guard.ROUNDS_LEFT, Guard.NO_ROUNDS_LEFT), (Guard.REVISIONS_LEFT, Guard.NO_REVISIONS_LEFT))
)


def _has_action(state: State, holding: tuple[Guard, ...]) -> bool:
    """Return whether the awaited role can act while these guards hold."""
    return any(
        not action.outcomes or any(outcome.guard in {None, *holding} for outcome in action.outcomes)
        for action in state.actions
        if state.awaiting in action.roles
    )


def _roles(flow: Flow) -> Faults:
    if flow.opened_by is not None and flow.opened_by not in flow.parties:
        yield FlowProblem("E008", flow.name, f"is opened by {flow.opened_by}, which is not a party")
    for state in flow.states:
        if state.awaiting is not None and state.awaiting not in flow.parties:
            yield FlowProblem("E008", state.name, f"awaits {state.awaiting}, which is not a party")
        if state.awaiting and not all(_has_action(state, holding) for holding in _GUARDS_HOLDING):
            yield FlowProblem("E009", state.name, f"awaits {state.awaiting}, which can be without an action")
        for action in state.actions:
            where = f"{state.name}.{action.name}"
            if not action.roles or not set(action.roles) <= set(flow.parties):
                yield FlowProblem("E010", where, "has no role, or a role that is not a party")
            if action.effect not in WITHDRAWALS and state.awaiting and action.roles != (state.awaiting,):
                yield FlowProblem("E011", where, f"can be taken by other roles than {state.awaiting}, which is awaited")


def _withdrawals(flow: Flow) -> Faults:
    """Check that only the party that is not awaited can withdraw something, and only its own offers."""
    standing = standing_offers(flow)
    for state in flow.states:
        for action in (action for action in state.actions if action.effect in WITHDRAWALS):
            where = f"{state.name}.{action.name}"
            if state.awaiting is None or action.roles != (flow.other_party(state.awaiting),):
                yield FlowProblem("E033", where, "is a withdrawal, which only the party takes that is not awaited")
            newest = {proposers[-1:] for name, proposers in standing if name == state.name}
            if action.effect is Effect.WITHDRAW_OFFER and newest != {action.roles}:
                yield FlowProblem("E034", where, f"withdraws an offer that is not of {', '.join(action.roles)}")


def _interruptions(flow: Flow) -> Faults:
    """Check that an interruption can end in each state in which it began, and in no other."""
    known = edges(flow)
    for state in flow.states:
        begun = {edge.source for edge in known if edge.target == state.name and edge.interruption is Interruption.BEGIN}
        ended = {edge.target for edge in edges_from(state) if edge.interruption is Interruption.END}
        if begun != ended:
            wrong = ", ".join(sorted(begun ^ ended))
            yield FlowProblem("E035", state.name, f"begins or ends an interruption, but not both: {wrong}")
        if begun and (state.awaiting or state.actions or len(begun) < sum(edge.target == state.name for edge in known)):
            yield FlowProblem("E036", state.name, "is an interruption, and must await nobody and begin in no other way")


def _ambiguous(flow: Flow) -> Faults:
    for state in flow.states:
        names: list[tuple[str, str | None]] = [(action.name, None) for action in state.actions]
        names += [
            (system_action.name, system_action.to if system_action.interruption is Interruption.END else None)
            for system_action in state.all_system_actions()
        ]
        names += [(alias.name, alias.value) for action in state.actions for alias in action.aliases]
        for (name, value), count in Counter(names).items():
            if count > 1:
                said = name if value is None else f"{name} {value}"
                yield FlowProblem("E012", state.name, f"{said!r} has two meanings")
    for action in flow.actions():
        if any(other.roles != action.roles for other in flow.actions_named(action.name)):
            yield FlowProblem("E013", action.name, "has different roles in different states")


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
                yield FlowProblem("E016", where, f"lacks a required input that {action.effect} records")
            if action.style not in STYLES:
                yield FlowProblem("E017", where, f"has the unknown style {action.style!r}")


_INPUTS_OF_EFFECT: dict[Effect | None, dict[str, InputKind]] = {
    **{effect: {"price": InputKind.PRICE} for effect in OFFERS},
    Effect.DELIVER: {"deliverables": InputKind.TEXTAREA, "description": InputKind.TEXTAREA},
    Effect.REQUEST_REVISION: {"feedback": InputKind.TEXTAREA},
}


def _offers(flow: Flow) -> Faults:
    """Check that on every path an offer is made before an action that needs one."""
    without = without_offer(flow)
    for state in flow.states:
        for action in state.actions:
            compares = any(field.price_rule is not PriceRule.FREE for field in action.inputs)
            needs = compares or action.effect in {Effect.ACCEPT_OFFER, Effect.OPEN_PAYMENT, Effect.WITHDRAW_OFFER}
            if needs and state.name in without:
                yield FlowProblem("E018", f"{state.name}.{action.name}", "needs an offer, which can be missing")
            if action.effect is Effect.OPEN_PAYMENT and action.outcomes:
                # The action is taken again after the provider has responded, so it must not change the state.
                yield FlowProblem("E029", f"{state.name}.{action.name}", "opens a payment and must have no outcomes")


def _deadlines(flow: Flow) -> Faults:
    for state in flow.states:
        rule = state.inactivity
        if state.awaiting and rule is None:
            yield FlowProblem("E019", state.name, "awaits a role but does not say for how long")
        if not state.awaiting and isinstance(rule, Deadline | Reminders):
            yield FlowProblem("E020", state.name, "awaits nobody but has a deadline or reminders")
        if isinstance(rule, Deadline) and not 0 < rule.reminder.total_seconds() < rule.after.total_seconds():
            yield FlowProblem("E021", state.name, "has a reminder that is not between entry and deadline")
        if isinstance(rule, Reminders) and rule.every.total_seconds() <= 0:
            yield FlowProblem("E021", state.name, "has reminders without an interval")
    if flow.rounds < 0 or flow.revisions < 0:
        yield FlowProblem("E022", flow.name, "has a negative number of rounds or revisions")


def _automatic_transitions(flow: Flow) -> Faults:
    """Check that automatic transitions have no cycle, and that nothing else can happen in their states."""
    following = [
        Edge(state.name, state.automatic_transition.to, state.automatic_transition.name, ())
        for state in flow.states
        if state.automatic_transition
    ]
    for state in flow.states:
        if state.automatic_transition and state.name in reached({state.automatic_transition.to}, following):
            yield FlowProblem("E023", state.name, "is part of a cycle of automatic transitions")
        if state.automatic_transition and (state.awaiting or state.actions or state.system_actions or state.inactivity):
            yield FlowProblem("E024", state.name, "has an automatic transition and must have nothing else")


def _texts(flow: Flow) -> Faults:
    return (FlowProblem(*fault) for fault in faults_of_texts(flow))


_CHECKS: tuple[Callable[[Flow], Faults], ...] = (
    _reachable,
    _traps,
    _final,
    _roles,
    _withdrawals,
    _interruptions,
    _ambiguous,
    _inputs,
    _offers,
    _deadlines,
    _automatic_transitions,
    _texts,
)
