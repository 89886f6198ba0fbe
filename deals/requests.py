"""What clients send in order to open a conversation, to take an action or to pay, over REST and sockets alike."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from foundation.schemas import RequestSchema, Text
from messaging.limits import MAX_MESSAGE_LENGTH
from messaging.requests import Identifier, NonNegativeInteger, StrictStr

Price = Annotated[Any, WithJsonSchema({"type": ["string", "number", "null"], "examples": ["1500.00"]})]
"""Digits with at most the currency's decimals, above zero; the service checks that."""


class OpenConversationRequest(RequestSchema):
    """A direct conversation names `user_id` (either side's own name for it is taken too); a bid or campaign
    names `influencer_id`."""

    conversation_type: StrictStr
    influencer_id: Identifier | None = None
    brand_owner_id: Identifier | None = None
    user_id: Identifier | None = None
    title: Annotated[str, Text(200)] | None = None
    source_id: Annotated[str, Text(100)] | None = None
    currency: Annotated[str, Field(strict=True, pattern=r"^[A-Z]{3}$")] | None = None
    proposed_amount: Price = None
    message: Annotated[str, Text(MAX_MESSAGE_LENGTH)] | None = None


class ActionRequest(RequestSchema):
    """An action of the flow, by its present name or an old one. `data` is what the action takes; with
    `state_version` it is taken only while the conversation is in the state that the user saw."""

    action: StrictStr
    data: Any = None
    state_version: NonNegativeInteger | None = None


class ConversationActionRequest(ActionRequest):
    conversation_id: Identifier


class ButtonClickRequest(RequestSchema):
    """An action, by the `id` of a prompt's button."""

    button_id: StrictStr
    additional_data: Any = None
    state_version: NonNegativeInteger | None = None

    def as_action(self) -> ActionRequest:
        return ActionRequest(action=self.button_id, data=self.additional_data, state_version=self.state_version)


class SandboxPaymentRequest(RequestSchema):
    """What the sandbox is to report of the order."""

    type: Literal["payment.succeeded", "payment.failed", "payment.refunded"] = "payment.succeeded"
