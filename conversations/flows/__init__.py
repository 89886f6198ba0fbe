"""Flows: state machines that guide a conversation, as data, and the pure functions that read them.

No code outside of this package tests the type of a conversation: `flow_for` and `get_flow` return a `Flow`, which
contains everything that differs between types.
"""

from conversations.flows.decisions import ConversationState, Decision, Due, Timing, conversation_state
from conversations.flows.definitions import ChatStatus, Flow, Role
from conversations.flows.engine import ResolvedAction, check_text, decide, resolve_action
from conversations.flows.facts import Facts, Offer, OfferKind
from conversations.flows.opening import opening
from conversations.flows.price_limits import configure_price_limits
from conversations.flows.prompts import action_data, available_actions, displayed_prompt
from conversations.flows.registry import all_flows, configure, conversation_types, flow_for, get_flow
from conversations.flows.stages import stage_of, stages

__all__ = [
    "ChatStatus",
    "ConversationState",
    "Decision",
    "Due",
    "Facts",
    "Flow",
    "Offer",
    "OfferKind",
    "ResolvedAction",
    "Role",
    "Timing",
    "action_data",
    "all_flows",
    "available_actions",
    "check_text",
    "configure",
    "configure_price_limits",
    "conversation_state",
    "conversation_types",
    "decide",
    "displayed_prompt",
    "flow_for",
    "get_flow",
    "opening",
    "resolve_action",
    "stage_of",
    "stages",
]
