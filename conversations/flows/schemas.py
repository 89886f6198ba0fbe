"""The schemas of prompts, stages and available actions, as clients receive them.

Members that do not apply are left out, not null.
"""

from typing import Any, Literal

from foundation.schemas import Schema


class InputField(Schema):
    """An input of an action.

    `id` is the key in the action's `data`. `min`, `max` and `step` are decimal strings: a price must be a multiple of
    `step` from `min` to `max`. Lengths are in code points.
    """

    id: str
    type: Literal["text", "textarea", "number", "files"]
    label: str
    required: bool
    min: str | None = None
    max: str | None = None
    step: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    max_items: int | None = None


class Button(Schema):
    id: str
    text: str
    style: Literal["primary", "success", "danger", "secondary"]
    action: str
    data: dict[str, Any] | None = None
    inputs: list[InputField] | None = None


class SubmitButton(Schema):
    text: str
    action: str


class ActionData(Schema):
    """A prompt: the question to the awaited role, and the buttons or inputs for the answer."""

    title: str
    subtitle: str
    role: Literal["influencer", "brand_owner", "participant", "operator"]
    flow_state: str
    state_version: int
    buttons: list[Button]
    input_field: InputField | None = None
    inputs: list[InputField] | None = None
    submit_button: SubmitButton | None = None
    completed: bool | None = None


class FlowStage(Schema):
    """A stage of a flow. `key` is for programs, `label` for people.

    `position` counts from 1. It is null for the stage of a final state, because every stage can lead to that state.
    """

    key: str
    label: str
    position: int | None


class AvailableAction(Schema):
    action: str
    role: Literal["influencer", "brand_owner", "participant", "operator"]
    label: str
    style: Literal["primary", "success", "danger", "secondary"]
    state_version: int
    inputs: list[InputField]
