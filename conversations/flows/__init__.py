"""Flows: how a conversation is led, as data, and the pure functions that read it.

Nothing outside of this package asks for a conversation's type: `flow_for` and `get_flow` answer with a
`Flow`, and everything that differs between types stands in it.
"""

from conversations.flows.decisions import Decision, Due, Standing, Timing, standing
from conversations.flows.definitions import ChatStatus, Flow, Role
from conversations.flows.engine import Click, check_text, decide, understood
from conversations.flows.facts import Facts, Offer, OfferKind
from conversations.flows.opening import opening
from conversations.flows.prompts import action_data, as_shown, available_actions
from conversations.flows.registry import all_flows, configure, conversation_types, flow_for, get_flow

__all__ = [
    "ChatStatus",
    "Click",
    "Decision",
    "Due",
    "Facts",
    "Flow",
    "Offer",
    "OfferKind",
    "Role",
    "Standing",
    "Timing",
    "action_data",
    "all_flows",
    "as_shown",
    "available_actions",
    "check_text",
    "configure",
    "conversation_types",
    "decide",
    "flow_for",
    "get_flow",
    "opening",
    "standing",
    "understood",
]
