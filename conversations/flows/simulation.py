"""A simulated conversation in memory, without a database."""

from typing import Any

from conversations.flows.decisions import Decision
from conversations.flows.definitions import Flow, Role
from conversations.flows.engine import decide
from conversations.flows.facts import Facts
from conversations.flows.opening import opening


class Simulation:
    """A simulated conversation. `decisions` has all decisions of the engine, beginning with the opening."""

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
        """Take an action and return its decision. A rejected action raises what `decide` raises and changes nothing."""
        decision = decide(self.flow, self.state, self.facts, role, action, data, state_version=state_version)
        self.decisions.append(decision)
        return decision
