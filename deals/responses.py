"""The responses to actions and payments, without the member `success`."""

from deals.payloads import DealPayload, PaymentPayload
from foundation.schemas import Schema
from messaging.payloads import ConversationPayload, MessagePayload


class ActionResult(Schema):
    """The conversation after the action. The other members are present only if they apply.

    `message` is the system message of the transition, and `payment` the order to pay. `repeated` is true if the same
    request was applied before.
    """

    conversation: ConversationPayload
    message: MessagePayload | None = None
    payment: PaymentPayload | None = None
    repeated: bool | None = None


class PaymentResult(Schema):
    """The order after the payment, and its conversation."""

    payment: PaymentPayload
    conversation: ConversationPayload


class WebhookResult(Schema):
    """`repeated` is true if the same event was applied before."""

    repeated: bool | None = None


class DealResponse(Schema):
    deal: DealPayload
