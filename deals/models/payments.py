"""Payment orders, and the events that providers reported about them."""

from django.conf import settings
from django.db import models

from conversations.models import Conversation
from deals.models.offers import Offer
from foundation import clock
from foundation.database.append_only import AppendOnlyModel
from foundation.ids import uuid7


class PaymentStatus(models.TextChoices):
    """The status of a payment order. A later member replaces an earlier member, regardless of the order of the
    reports."""

    OPEN = "open"
    FAILED = "failed"
    PAID = "paid"
    REFUNDED = "refunded"

    def merged_with(self, other: "PaymentStatus") -> "PaymentStatus":
        """Return the later member of the two. So late, repeated and reordered webhooks lead to the same status."""
        ranks = list(PaymentStatus)
        return max(self, PaymentStatus(other), key=ranks.index)


class PaymentOrder(models.Model):
    """An order to pay an accepted offer. The amount is stored only in the offer.

    An offer has at most one order that is not refunded. `reference` is the provider's id of the order, and `pay` the
    data that a client needs to pay; both are empty until the provider has responded. `action` is the action of the flow
    that opened the order, and `state_version` the version in which it was taken. `refused_at` is the time at which the
    provider refused for good to open the order; if it opens the order later, this is null again. `refund_due_at` is the
    time of the next request for a refund, until the provider accepts it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="payment_orders")
    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="payment_orders")
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=32)
    reference = models.CharField(max_length=255, blank=True)
    pay = models.JSONField(default=dict)
    status = models.CharField(max_length=16, choices=PaymentStatus.choices, default=PaymentStatus.OPEN)
    action = models.CharField(max_length=64)
    state_version = models.PositiveIntegerField()
    refused_at = models.DateTimeField(null=True, blank=True)
    refund_due_at = models.DateTimeField(null=True, blank=True)
    refund_requested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reference"],
                name="payment_order_reference",
                condition=~models.Q(reference=""),
            ),
            models.UniqueConstraint(
                fields=["offer"],
                name="payment_order_of_offer",
                condition=~models.Q(status=PaymentStatus.REFUNDED),
            ),
        ]
        indexes = [
            models.Index(
                fields=["refund_due_at"],
                name="payment_order_refund_due",
                condition=models.Q(refund_due_at__isnull=False, refund_requested_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.pk} at {self.provider}"

    @property
    def is_payable(self) -> bool:
        return self.status in {PaymentStatus.OPEN, PaymentStatus.FAILED}

    @property
    def needs_refund(self) -> bool:
        """Whether a refund is due and the provider has not accepted the request yet."""
        return self.refund_due_at is not None and self.refund_requested_at is None

    @property
    def is_unopened(self) -> bool:
        """Whether the provider has not opened the order yet."""
        return self.is_payable and not self.reference


class PaymentEvent(AppendOnlyModel):
    """An event that a provider reported about an order. Each `event_id` of a provider is stored once.

    `fingerprint` shows whether a later event with the same id has the same content.
    """

    order = models.ForeignKey(PaymentOrder, on_delete=models.CASCADE, related_name="events")
    provider = models.CharField(max_length=32)
    event_id = models.CharField(max_length=255)
    status = models.CharField(max_length=16, choices=PaymentStatus.choices)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="payment_event_once")]

    def __str__(self) -> str:
        return f"{self.status} of {self.order_id}"
