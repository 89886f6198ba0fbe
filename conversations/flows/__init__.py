"""Flows: how a conversation is led, as data, and the pure functions that read it.

Nothing outside of this package asks for a conversation's type: `flow_for` and `get_flow` answer with a
`Flow`, and everything that differs between types stands in it.
"""

from conversations.flows.decisions import Decision, Standing, standing
from conversations.flows.definitions import ChatStatus, Flow, Role
from conversations.flows.facts import Facts, Offer
from conversations.flows.opening import opening
from conversations.flows.prompts import action_data, as_shown, available_actions
from conversations.flows.registry import all_flows, configure, conversation_types, flow_for, get_flow

__all__ = [
    "ChatStatus",
    "Decision",
    "Facts",
    "Flow",
    "Offer",
    "Role",
    "Standing",
    "action_data",
    "all_flows",
    "as_shown",
    "available_actions",
    "configure",
    "conversation_types",
    "flow_for",
    "get_flow",
    "opening",
    "standing",
]
