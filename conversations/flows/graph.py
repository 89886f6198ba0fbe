"""A flow as a graph: states, and the actions and system actions that connect them."""

from collections.abc import Iterable
from dataclasses import dataclass

from conversations.flows.definitions import Flow, Role, State
from conversations.flows.kinds import OFFERS, Effect, Guard, Interruption

MAX_STANDING_OFFERS = 6


@dataclass(frozen=True)
class Edge:
    """A possible transition. `reason` is the name of the action or system action; `roles` can take it."""

    source: str
    target: str
    reason: str
    roles: tuple[Role, ...]
    guard: Guard | None = None
    effect: Effect | None = None
    interruption: Interruption | None = None


def edges_from(state: State) -> tuple[Edge, ...]:
    by_parties = tuple(
        Edge(state.name, outcome.to, action.name, action.roles, outcome.guard, action.effect)
        for action in state.actions
        for outcome in action.outcomes
    )
    by_system = tuple(
        Edge(state.name, system_action.to, system_action.name, (Role.SYSTEM,), interruption=system_action.interruption)
        for system_action in state.all_system_actions()
    )
    return by_parties + by_system


def edges(flow: Flow) -> tuple[Edge, ...]:
    return tuple(edge for state in flow.states for edge in edges_from(state))


def _closure(start: Iterable[str], pairs: Iterable[tuple[str, str]]) -> set[str]:
    known = list(pairs)
    found, news = set(start), set(start)
    while news:
        news = {target for source, target in known if source in news} - found
        found |= news
    return found


def reached(start: Iterable[str], along: Iterable[Edge]) -> set[str]:
    """Return the states that can be reached from `start`, including `start`."""
    return _closure(start, ((edge.source, edge.target) for edge in along))


def leading_to(goals: Iterable[str], along: Iterable[Edge]) -> set[str]:
    """Return the states from which one of the goals can be reached, including the goals."""
    return _closure(goals, ((edge.target, edge.source) for edge in along))


def without_offer(flow: Flow) -> set[str]:
    """Return the states that can be reached while no offer stands: none was made, or all were withdrawn."""
    return {state for state, proposers in standing_offers(flow) if not proposers}


def standing_offers(flow: Flow) -> set[tuple[str, tuple[Role, ...]]]:
    """Return pairs of a state and the proposers of the offers that can stand in it, oldest first.

    An offer stands if it was made and not withdrawn. Only the newest `MAX_STANDING_OFFERS` are returned.
    """
    known = edges(flow)
    found: set[tuple[str, tuple[Role, ...]]] = {(flow.initial, ())}
    news = found
    while news:
        leaving = [(edge, proposers) for edge in known for state, proposers in news if edge.source == state]
        news = {(edge.target, _after(edge, proposers)) for edge, proposers in leaving} - found
        found = found | news
    return found


def _after(edge: Edge, proposers: tuple[Role, ...]) -> tuple[Role, ...]:
    if edge.effect in OFFERS:
        return (*proposers, *edge.roles)[-MAX_STANDING_OFFERS:]
    return proposers[:-1] if edge.effect is Effect.WITHDRAW_OFFER else proposers
