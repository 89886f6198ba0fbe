"""A flow as a graph: what leads from where to where."""

from collections.abc import Iterable
from dataclasses import dataclass

from conversations.flows.definitions import OFFERS, Effect, Flow, Guard, Role, State


@dataclass(frozen=True)
class Edge:
    """`reason` is the name of the action or event, `roles` those who may take it: the system takes events."""

    source: str
    target: str
    reason: str
    roles: tuple[Role, ...]
    guard: Guard | None = None
    effect: Effect | None = None


def edges_from(state: State) -> tuple[Edge, ...]:
    by_parties = tuple(
        Edge(state.name, outcome.to, action.name, action.roles, outcome.guard, action.effect)
        for action in state.actions
        for outcome in action.outcomes
    )
    by_system = tuple(
        Edge(state.name, system_action.to, system_action.name, (Role.SYSTEM,))
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
    """The states that can be reached, the start included."""
    return _closure(start, ((edge.source, edge.target) for edge in along))


def leading_to(goals: Iterable[str], along: Iterable[Edge]) -> set[str]:
    """The states from which one of the goals can be reached, the goals included."""
    return _closure(goals, ((edge.target, edge.source) for edge in along))


def without_offer(flow: Flow) -> set[str]:
    """The states in which there may be no offer on the table yet."""
    return reached({flow.initial}, (edge for edge in edges(flow) if edge.effect not in OFFERS))
