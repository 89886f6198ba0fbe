"""What a payment provider has to do for us. `registry` says which are switched on."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from deals.models import PaymentOrder, PaymentStatus


class ProviderFailed(Exception):
    """The provider cannot be reached, or does not do what was requested; a retry may help."""


@dataclass(frozen=True, kw_only=True)
class OpenedOrder:
    """`reference` is the provider's own name for the order, `pay` what a client needs in order to pay it."""

    reference: str
    pay: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ProviderEvent:
    """What a provider says of an order, its signature verified. `amount` is in minor units.

    The order is named by our id or by the provider's reference, or by both.
    """

    id: str
    status: PaymentStatus
    amount: int
    currency: str
    order_id: uuid.UUID | None = None
    reference: str | None = None


class Provider(Protocol):
    """`open` and `refund` may take long, though not for ever: they give up by themselves. They are called through
    `provider_calls`, in threads without a connection to the database: whatever they need of an order, its offer
    included, has been read before.
    """

    name: str

    def open(self, order: PaymentOrder) -> OpenedOrder:
        """Have the order opened at the provider; the same again for the same order. Raises `ProviderFailed`.

        The order's id is stored before and is the idempotency key of this request: called twice, even at
        once, the provider opens one order.
        """

    def verify(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        """What a webhook request says, or None where that does not concern us.

        Raises `Forbidden` where the signature does not match, `Invalid` where what was signed makes no sense.
        """

    def refund(self, order: PaymentOrder) -> ProviderEvent | None:
        """Have a paid order refunded, once however often it is called. Raises `ProviderFailed`.

        Returns the result if the provider says so at once, and not by a webhook later on.
        """
