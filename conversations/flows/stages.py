"""How far a conversation has come, for people: the stages of its flow."""

from conversations.flows.definitions import Flow
from conversations.flows.schemas import FlowStage


def stages(flow: Flow) -> list[FlowStage]:
    """All of them in order, without those of final states; none in a flow without actions."""
    return [
        FlowStage.model_construct(key=stage.key, label=str(stage.label), position=position)
        for position, stage in enumerate(flow.stages, start=1)
    ]


def stage_of(flow: Flow, state: str) -> FlowStage | None:
    """The one to which a state belongs; None in a flow without stages."""
    stage = flow.state(state).stage
    if stage is None:
        return None
    position = flow.stages.index(stage) + 1 if stage in flow.stages else None
    return FlowStage.model_construct(key=stage.key, label=str(stage.label), position=position)
