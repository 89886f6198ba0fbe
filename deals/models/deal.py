"""The state of a deal that is not part of its conversation."""

from typing import Any

from django.db import models

from conversations.models import Conversation


class Deal(models.Model):
    """The deal of a bid or campaign. The lock of its conversation guards this row too.

    `proposed_amount` is in minor units. `last_offer` is the newest offer of either party that was not withdrawn, and
    `withdrawn_offer` the newest offer of all if it was withdrawn, else None. `offers_withdrawn` counts withdrawn offers
    without counter-offers. While a dispute interrupts the deal, `interrupted_state` is the state before the dispute.
    Meanwhile, and while the automation is paused, `due_left` and `remind_left` are the times that were left until the
    conversation's `due_at` and `remind_at`.
    """

    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, primary_key=True, related_name="deal")
    proposed_amount = models.BigIntegerField(null=True, blank=True)
    last_offer = models.ForeignKey(
        "deals.Offer", on_delete=models.RESTRICT, null=True, blank=True, related_name="+", db_index=False
    )
    withdrawn_offer = models.ForeignKey(
        "deals.Offer", on_delete=models.RESTRICT, null=True, blank=True, related_name="+", db_index=False
    )
    offers_withdrawn = models.PositiveIntegerField(default=0, db_default=0)
    interrupted_state = models.CharField(max_length=64, blank=True, default="", db_default="")
    revisions_used = models.PositiveIntegerField(default=0)
    due_left = models.DurationField(null=True, blank=True)
    remind_left = models.DurationField(null=True, blank=True)

    def __str__(self) -> str:
        return f"deal of {self.conversation_id}"

    def snapshot(self) -> tuple[Any, ...]:
        """Return the values that an action can change. Comparing two snapshots shows whether the row must be saved."""
        offers = (self.last_offer_id, self.withdrawn_offer_id, self.offers_withdrawn)
        return *offers, self.revisions_used, self.interrupted_state, self.due_left, self.remind_left
