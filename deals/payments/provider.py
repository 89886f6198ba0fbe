"""The interface that every payment provider implements. `registry` returns the enabled providers."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from conversations.flows.price_limits import PriceLimits
from deals.models import PaymentEventKind, PaymentOrder, Refund


class ProviderFailed(Exception):
    """The provider cannot be reached or rejects a request. A retry can succeed."""


class ProviderRefused(ProviderFailed):
    """The provider rejects a request for good. The same request cannot succeed."""


@dataclass(frozen=True, kw_only=True)
class OpenedOrder:
    """An opened order. `reference` is the provider's id of the order; `pay` is the data that a client needs to pay."""

    reference: str
    pay: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ProviderEvent:
    """An event about an order, with a verified signature. `amount` is in minor units.

    The order is identified by `order_id` (its id in Stoory), by the provider's `reference`, or by both; the reference
    decides. `item_id` is the provider's id of the refund or dispute. If several events report one refund, they have the
    same `item_id`, or their amount is the total of all refunds so far (`is_total`). `occurred_at` is the time of the
    event at the provider.
    """

    id: str
    kind: PaymentEventKind
    amount: int
    currency: str
    order_id: uuid.UUID | None = None
    reference: str | None = None
    item_id: str = ""
    is_total: bool = False
    occurred_at: datetime | None = None


class Provider(Protocol):
    """A payment provider.

    `open` and `refund` can be slow but must have a timeout. They are called through `provider_calls`, in threads
    without a database connection, so the order and its offer must be loaded before.
    """

    name: str

    def price_limits(self, currency: str) -> PriceLimits:
        """Return the prices that the provider can charge in an ISO 4217 currency; none if it does not take it.

        This is called often, also inside transactions, so it must not call the provider.
        """

    def open(self, order: PaymentOrder) -> OpenedOrder:
        """Open the order at the provider, and return the same result for each call. Raises `ProviderFailed`, or
        `ProviderRefused` if the price cannot be charged.

        The order's id is the idempotency key of the request, so the provider opens one order even if two calls run at
        the same time.
        """

    def verify(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        """Return the event of a webhook request, or None if Stoory does not use events of this type.

        Raises `Forbidden` if the signature does not match, `Invalid` if the signed content is invalid.
        """

    def refund(self, refund: Refund) -> ProviderEvent:
        """Refund an amount of a paid order, and return the event of the refund.

        All calls for the same row cause one refund, also weeks after an answer was lost. Raises `ProviderFailed`, or
        `ProviderRefused` if the amount cannot be refunded.
        """
