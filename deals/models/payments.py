"""Payment orders, and what the providers said of them."""

from django.conf import settings
from django.db import models

from conversations.models import Conversation
from deals.models.offers import Offer
from foundation import clock
from foundation.database.append_only import AppendOnlyModel
from foundation.ids import uuid7


class PaymentStatus(models.TextChoices):
    """In the order in which one outdoes the other, whenever they become known: see `merged_with`."""

    OPEN = "open"
    FAILED = "failed"
    PAID = "paid"
    REFUNDED = "refunded"

    def merged_with(self, other: "PaymentStatus") -> "PaymentStatus":
        """The later of two in that order, so that late, repeated and reordered webhooks end in one status."""
        ranks = list(PaymentStatus)
        return max(self, PaymentStatus(other), key=ranks.index)


class PaymentOrder(models.Model):
    """An order to pay an accepted offer: the amount is the offer's, the order has none of its own. An offer has one
    order at a time: one that was refunded is over, and may be followed by another.

    `reference` is the provider's name for it and `pay` what a client needs to pay, both empty until the provider
    has answered; it is called outside of transactions, under the order's id. `action` is the action of the flow by
    which it was opened, `state_version` the one it was taken in.
    `refund_due_at` is when a refund is to be requested, again if need be, until the provider has accepted it.
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
        """Whether a refund is due that the provider has not accepted yet."""
        return self.refund_due_at is not None and self.refund_requested_at is None

    @property
    def is_unopened(self) -> bool:
        """Whether the request to its provider is still to be sent, or has no response yet."""
        return self.is_payable and not self.reference


class PaymentEvent(AppendOnlyModel):
    """Something that a provider said of an order. Its id at that provider is used once.

    `fingerprint` is what a repetition under the same id is compared with.
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
