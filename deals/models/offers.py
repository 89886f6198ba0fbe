"""Offers, and their acceptance or withdrawal. Amounts are integer minor units."""

from django.conf import settings
from django.db import models

from conversations.flows.money import format_price
from conversations.models import Conversation
from foundation import clock
from foundation.database.append_only import AppendOnlyModel
from foundation.ids import uuid7


class Offer(AppendOnlyModel):
    """An offered price. `number` counts the offers of a conversation from 1.

    `hash` covers the row and `previous_hash`, the hash of the offer or withdrawal before it (see `deals.offers`).
    `lapses_at` is the deadline as it was when the offer was made. If an operator pauses the conversation later, the
    deadline is held, and the offer stays valid for longer.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="offers")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    round = models.PositiveIntegerField()
    proposer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposer_role = models.CharField(max_length=16)
    answers = models.ForeignKey("self", on_delete=models.RESTRICT, null=True, related_name="answered_by")
    lapses_at = models.DateTimeField(null=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["conversation", "number"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "number"], name="offer_number"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="offer_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} in {self.conversation_id}"

    @property
    def price(self) -> str:
        return format_price(self.amount, self.currency)


class Acceptance(AppendOnlyModel):
    """The record that an offer was accepted. The agreed amount is stored only in the offer.

    `offer_hash` is the hash of the offer. It protects the last offer of the chain, which no later offer covers.
    """

    offer = models.OneToOneField(Offer, on_delete=models.CASCADE, related_name="acceptance")
    accepter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    offer_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"acceptance of {self.offer_id}"


class Withdrawal(AppendOnlyModel):
    """The record that an offer was withdrawn by its proposer. It cannot be accepted any more.

    `hash` covers the row and `previous_hash`, the hash of the offer or withdrawal before it (see `deals.offers`).
    """

    offer = models.OneToOneField(Offer, on_delete=models.CASCADE, related_name="withdrawal")
    withdrawer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"withdrawal of {self.offer_id}"
