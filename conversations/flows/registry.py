"""The flows, and the flow that guides each conversation type."""

from collections.abc import Mapping
from typing import Any

from conversations.flows.deal.flow import DEAL_1, DEAL_2
from conversations.flows.definitions import Flow
from conversations.flows.direct import DIRECT_1
from conversations.flows.overrides import overridden

BUILT_IN = (DEAL_1, DEAL_2, DIRECT_1)
"""Every released version, without the overrides of a deployment (see `configure`)."""

_flows = {(flow.name, flow.version): flow for flow in BUILT_IN}


def configure(overrides: Mapping[str, Mapping[str, Any]]) -> None:
    """Override numbers of the flows: `{flow name: overrides}`, see `overridden`.

    Replaces the overrides of an earlier call. Raises `ValueError` and changes nothing if an override does not fit.
    """
    unknown = overrides.keys() - {flow.name for flow in BUILT_IN}
    if unknown:
        raise ValueError(f"no such flow: {', '.join(sorted(unknown))}")
    _flows.update({(flow.name, flow.version): overridden(flow, overrides.get(flow.name, {})) for flow in BUILT_IN})


def all_flows() -> tuple[Flow, ...]:
    return tuple(_flows.values())


def get_flow(name: str, version: int) -> Flow:
    """Return a version of a flow. Raises `KeyError` if there is no such version."""
    return _flows[name, version]


def conversation_types() -> tuple[str, ...]:
    return tuple(dict.fromkeys(opening.conversation_type for flow in all_flows() for opening in flow.openings))


def flow_for(conversation_type: str) -> Flow:
    """Return the newest version of the flow that guides a conversation type. Raises `KeyError` for an unknown type."""
    leading = [
        flow for flow in all_flows() if any(opening.conversation_type == conversation_type for opening in flow.openings)
    ]
    if not leading:
        raise KeyError(conversation_type)
    return max(leading, key=lambda flow: flow.version)


def is_known(action: str) -> bool:
    """Return whether any version of any flow has an action with this name or alias."""
    return any(flow.actions_named(action) for flow in all_flows())
