"""The state of a deal that is not part of its conversation."""

from typing import Any

from django.db import models

from conversations.models import Conversation


class Deal(models.Model):
    """The deal of a bid or campaign. The lock of its conversation guards this row too.

    `proposed_amount` is in minor units. `last_offer` is the newest offer of either party. While the automation is
    paused, `due_left` and `remind_left` are the times that were left until the conversation's `due_at` and `remind_at`.
    """

    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, primary_key=True, related_name="deal")
    proposed_amount = models.BigIntegerField(null=True, blank=True)
    last_offer = models.ForeignKey(
        "deals.Offer", on_delete=models.RESTRICT, null=True, blank=True, related_name="+", db_index=False
    )
    revisions_used = models.PositiveIntegerField(default=0)
    due_left = models.DurationField(null=True, blank=True)
    remind_left = models.DurationField(null=True, blank=True)

    def __str__(self) -> str:
        return f"deal of {self.conversation_id}"

    def snapshot(self) -> tuple[Any, ...]:
        """Return the values that an action can change. Comparing two snapshots shows whether the row must be saved."""
        return self.last_offer_id, self.revisions_used, self.due_left, self.remind_left
