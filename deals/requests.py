"""The requests to open a conversation, to take an action and to pay, for both REST and sockets."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from foundation.schemas import Label, RequestSchema, Text
from messaging.limits import MAX_MESSAGE_LENGTH
from messaging.requests import ConversationType, Identifier, NonNegativeInteger, StrictStr

Price = Annotated[Any, WithJsonSchema({"type": ["string", "number", "null"], "examples": ["1500.00"]})]
"""A price above zero, with at most the decimals of its currency. The service checks it."""


class OpenConversationRequest(RequestSchema):
    """Opening a conversation with another user.

    The other user is `user_id` for a direct conversation (the other two keys are accepted too), and `influencer_id` for
    a bid or campaign.
    """

    conversation_type: ConversationType
    influencer_id: Identifier | None = None
    brand_owner_id: Identifier | None = None
    user_id: Identifier | None = None
    title: Annotated[str, Label(200)] | None = None
    source_id: Annotated[str, Text(100)] | None = None
    currency: Annotated[str, Field(strict=True, pattern=r"^[A-Z]{3}$")] | None = None
    proposed_amount: Price = None
    message: Annotated[str, Text(MAX_MESSAGE_LENGTH)] | None = None


class ActionRequest(RequestSchema):
    """Taking an action of the flow, by its name or a deprecated name. `data` contains the inputs of the action.

    With `state_version`, the action fails if the conversation has changed since the user saw that version.
    """

    action: StrictStr
    data: Any = None
    state_version: NonNegativeInteger | None = None


class ConversationActionRequest(ActionRequest):
    conversation_id: Identifier


class ButtonClickRequest(RequestSchema):
    """Taking an action by the `id` of a button of the prompt."""

    button_id: StrictStr
    additional_data: Any = None
    state_version: NonNegativeInteger | None = None

    def as_action(self) -> ActionRequest:
        return ActionRequest(action=self.button_id, data=self.additional_data, state_version=self.state_version)


class SandboxPaymentRequest(RequestSchema):
    """Paying in the sandbox. `type` is the event that the sandbox reports about the order.

    `amount` is the amount of a refund or of a failed refund, by default the whole price.
    """

    type: Literal[
        "payment.succeeded",
        "payment.failed",
        "payment.canceled",
        "payment.refunded",
        "payment.refund_failed",
        "payment.dispute_opened",
        "payment.dispute_won",
        "payment.dispute_lost",
    ] = "payment.succeeded"
    amount: Price = None
