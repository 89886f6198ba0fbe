"""A conversation played in memory: the engine's decisions, carried from one to the next."""

from typing import Any

from conversations.flows.decisions import Decision
from conversations.flows.definitions import Flow, Role
from conversations.flows.engine import decide
from conversations.flows.facts import Facts
from conversations.flows.opening import opening


class Simulation:
    """`decisions` holds them all, the opening first. An action that is refused raises its error and changes nothing."""

    def __init__(self, flow: Flow, conversation_type: str, facts: Facts) -> None:
        self.flow = flow
        self.decisions = [opening(flow, conversation_type, facts)]

    @property
    def last(self) -> Decision:
        return self.decisions[-1]

    @property
    def state(self) -> str:
        return self.last.conversation_state.flow_state

    @property
    def facts(self) -> Facts:
        return self.last.facts

    def act(self, role: Role, action: str, data: Any = None, *, state_version: int | None = None) -> Decision:
        decision = decide(self.flow, self.state, self.facts, role, action, data, state_version=state_version)
        self.decisions.append(decision)
        return decision
