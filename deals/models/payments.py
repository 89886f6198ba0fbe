"""Payment orders, what providers reported about them, and refunds."""

from django.conf import settings
from django.db import models

from conversations.models import Conversation
from deals.models.offers import Offer
from foundation import clock
from foundation.database.append_only import AppendOnlyModel
from foundation.ids import uuid7


class PaymentStatus(models.TextChoices):
    """The status of a payment order, which follows from its events (see `deals.payments.ledger`)."""

    OPEN = "open"
    FAILED = "failed"
    CANCELED = "canceled"
    PAID = "paid"
    REFUNDED = "refunded"


FINISHED = (PaymentStatus.CANCELED, PaymentStatus.REFUNDED)
"""The statuses of orders that another order of the same offer can follow."""


class PaymentEventKind(models.TextChoices):
    """What a provider reported about an order."""

    FAILED = "failed"
    CANCELED = "canceled"
    PAID = "paid"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"


class PaymentOrder(models.Model):
    """An order to pay an accepted offer. The amount is stored only in the offer.

    An offer has at most one order that is neither canceled, refunded nor `replaced` by another order. `reference` is
    the provider's id of the order, and `pay` the data that a client needs to pay; both are empty until the provider has
    responded. `action` is the action of the flow that opened the order, and `state_version` the version in which it was
    taken. `refused_at` is the time at which the provider refused for good to open the order; if it opens the order
    later, this is null again. `undecided_since` is set while an operator must decide what happens to the payment.
    Release 0.1.0 stored refunds in `refund_due_at` and `refund_requested_at`; they are stored as `Refund` now.
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
    replaced = models.BooleanField(default=False, db_default=False)
    undecided_since = models.DateTimeField(null=True, blank=True)
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
                condition=~models.Q(status__in=FINISHED) & models.Q(replaced=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["refund_due_at"],
                name="payment_order_refund_due",
                condition=models.Q(refund_due_at__isnull=False, refund_requested_at=None),
            ),
            models.Index(
                fields=["undecided_since"],
                name="payment_order_undecided",
                condition=models.Q(undecided_since__isnull=False),
            ),
        ]
        permissions = [("refund_paymentorder", "Can refund payment order")]

    def __str__(self) -> str:
        return f"order {self.pk} at {self.provider}"

    @property
    def is_payable(self) -> bool:
        return self.status in {PaymentStatus.OPEN, PaymentStatus.FAILED}

    @property
    def is_unopened(self) -> bool:
        """Whether the provider has not opened the order yet."""
        return self.is_payable and not self.reference


class PaymentEvent(AppendOnlyModel):
    """An event that a provider reported about an order. Each `event_id` of a provider is stored once.

    `amount` is in minor units; in events of release 0.1.0 it is null, which means the amount of the order. `item_id` is
    the provider's id of the refund or dispute, if it has one. If `is_total` is set, `amount` is the sum of all refunds
    so far. `occurred_at` is the time of the event at the provider, if it is known. `fingerprint` shows whether a later
    event with the same id has the same content.
    """

    order = models.ForeignKey(PaymentOrder, on_delete=models.CASCADE, related_name="events")
    provider = models.CharField(max_length=32)
    event_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=PaymentEventKind.choices, db_column="status")
    amount = models.BigIntegerField(null=True)
    item_id = models.CharField(max_length=255, blank=True, default="", db_default="")
    is_total = models.BooleanField(default=False, db_default=False)
    occurred_at = models.DateTimeField(null=True)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="payment_event_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.order_id}"


class Refund(models.Model):
    """A request to refund an order, wholly or in part. The provider makes one refund of it, which its `key` identifies.

    `amount` is in minor units. `requester` is an operator, or the system user. A task sends the request until the
    provider has accepted it, or until it is dropped because the provider rejects it or nothing remains. The events of
    the order say whether it succeeded.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(PaymentOrder, on_delete=models.CASCADE, related_name="refunds")
    amount = models.BigIntegerField()
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["created_at"]
        constraints = [models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_above_zero")]

    def __str__(self) -> str:
        return f"refund of {self.order_id}"

    @property
    def key(self) -> str:
        """The idempotency key of the request to the provider."""
        return f"refund-{self.pk}"


class PaymentDecision(AppendOnlyModel):
    """The record that the money of an order became undecided, or that an operator decided to refund or to keep it.

    `cause` is the reason why it became undecided. `decider` is the operator, or the system user.
    """

    class Outcome(models.TextChoices):
        UNDECIDED = "undecided"
        REFUND = "refund"
        KEEP = "keep"

    order = models.ForeignKey(PaymentOrder, on_delete=models.CASCADE, related_name="decisions")
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    cause = models.CharField(max_length=32, blank=True)
    decider = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.outcome} for {self.order_id}"
