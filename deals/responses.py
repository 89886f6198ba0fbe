"""What is answered to actions and payments, beside `success`."""

from deals.payloads import DealPayload, PaymentPayload
from foundation.schemas import Schema
from messaging.payloads import ConversationPayload, MessagePayload


class ActionResult(Schema):
    """The conversation after the action. `message` is that of the transition, `payment` what is needed to pay, and
    `repeated` that the same request had been applied before; each is there only where it applies."""

    conversation: ConversationPayload
    message: MessagePayload | None = None
    payment: PaymentPayload | None = None
    repeated: bool | None = None


class PaymentResult(Schema):
    """The current order, and its conversation."""

    payment: PaymentPayload
    conversation: ConversationPayload


class WebhookResult(Schema):
    """`repeated`: the event was known already."""

    repeated: bool | None = None


class DealResponse(Schema):
    deal: DealPayload
