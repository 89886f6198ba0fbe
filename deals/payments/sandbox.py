"""A payment provider that moves no money. It is for the demo, development and tests, never for production.

It signs its webhooks like a real provider: `X-Signature: sha256=<hex HMAC-SHA256 of the body>`.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field
from pydantic_core import PydanticCustomError

from conversations.flows.money import InvalidPrice, format_price, parse_price
from conversations.flows.price_limits import PriceLimits, general_limits
from deals.models import PaymentEventKind, PaymentOrder, Refund
from deals.payments.provider import OpenedOrder, ProviderEvent
from foundation import clock
from foundation.errors import Forbidden, Invalid
from foundation.ids import parse_id, uuid7
from foundation.json import from_json, to_json
from foundation.schemas import RequestSchema

SIGNATURE = "X-Signature"
NO_NUL = r"^[^\x00]*$"
"""The ids that PostgreSQL can store."""
KINDS = {
    "payment.succeeded": PaymentEventKind.PAID,
    "payment.failed": PaymentEventKind.FAILED,
    "payment.canceled": PaymentEventKind.CANCELED,
    "payment.refunded": PaymentEventKind.REFUNDED,
    "payment.refund_failed": PaymentEventKind.REFUND_FAILED,
    "payment.dispute_opened": PaymentEventKind.DISPUTE_OPENED,
    "payment.dispute_won": PaymentEventKind.DISPUTE_WON,
    "payment.dispute_lost": PaymentEventKind.DISPUTE_LOST,
}


def _in_utc(moment: AwareDatetime) -> AwareDatetime:
    """Return a time in UTC, where the years 1 and 9999 end earlier or later than in other time zones."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("time_out_of_range", "A time in the years 1 to 9999 is needed.") from None


class SandboxEvent(RequestSchema):
    """An event of the sandbox. `refund_id` identifies a refund in several events; it is optional."""

    id: Annotated[str, Field(strict=True, min_length=1, max_length=255, pattern=NO_NUL)]
    type: Annotated[str, Field(strict=True)]
    order_id: Annotated[str, Field(strict=True)]
    amount: Any
    currency: Annotated[str, Field(strict=True, pattern=r"^[A-Z]{3}$")]
    refund_id: Annotated[str, Field(strict=True, max_length=255, pattern=NO_NUL)] | None = None
    created_at: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None


class Sandbox:
    name = "sandbox"

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def price_limits(self, currency: str) -> PriceLimits:
        return general_limits(currency)

    def open(self, order: PaymentOrder) -> OpenedOrder:
        pay = {"method": "POST", "url": f"/api/payments/{self.name}/{order.pk}/pay"}
        return OpenedOrder(reference=str(order.pk), pay=pay)

    def signature(self, body: bytes) -> str:
        return f"sha256={hmac.new(self._secret, body, hashlib.sha256).hexdigest()}"

    def webhook(
        self, order: PaymentOrder, kind: str, *, amount: int | None = None, refund_id: str | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Return the body and headers of a new webhook request about the order.

        `kind` is the `type` of the event. `amount` is in minor units, by default the amount of the order.
        """
        content = {
            "id": f"evt_{uuid7().hex}",
            "type": kind,
            "order_id": order.pk,
            "amount": format_price(amount or order.offer.amount, order.offer.currency),
            "currency": order.offer.currency,
            "created_at": clock.now(),
        }
        if refund_id is not None:
            content["refund_id"] = refund_id
        body = to_json(content).encode()
        return body, {SIGNATURE: self.signature(body)}

    def verify(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        sent = headers.get(SIGNATURE, "").encode("latin-1", "replace")
        if not hmac.compare_digest(sent, self.signature(body).encode()):
            raise Forbidden("The signature does not match.")
        try:
            event = SandboxEvent.parse(from_json(body))
        except ValueError:
            raise Invalid("The body is not valid JSON.") from None
        return _event(event) if event.type in KINDS else None

    def refund(self, refund: Refund) -> ProviderEvent:
        event = self.verify(*self.webhook(refund.order, "payment.refunded", amount=refund.amount, refund_id=refund.key))
        assert event is not None
        return event


def _event(event: SandboxEvent) -> ProviderEvent:
    return ProviderEvent(
        id=event.id,
        kind=KINDS[event.type],
        amount=_minor_units(event),
        currency=event.currency,
        order_id=parse_id(event.order_id),
        item_id=event.refund_id or "",
        occurred_at=event.created_at,
    )


def _minor_units(event: SandboxEvent) -> int:
    try:
        return parse_price(event.amount, event.currency)
    except InvalidPrice as error:
        raise Invalid(errors={"amount": [str(error)]}) from None
    except ValueError:
        raise Invalid(errors={"currency": ["An ISO 4217 currency code is needed."]}) from None
