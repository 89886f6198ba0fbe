"""The stages of a flow, which show people how far a conversation has come."""

from conversations.flows.definitions import Flow
from conversations.flows.schemas import FlowStage


def stages(flow: Flow) -> list[FlowStage]:
    """Return the stages of a flow in order, without the stages of final states; empty if the flow has no actions."""
    return [
        FlowStage.model_construct(key=stage.key, label=str(stage.label), position=position)
        for position, stage in enumerate(flow.stages, start=1)
    ]


def stage_of(flow: Flow, state: str) -> FlowStage | None:
    """Return the stage of a state; None if the flow has no stages."""
    stage = flow.state(state).stage
    if stage is None:
        return None
    position = flow.stages.index(stage) + 1 if stage in flow.stages else None
    return FlowStage.model_construct(key=stage.key, label=str(stage.label), position=position)
