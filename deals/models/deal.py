"""The state of a deal that its conversation does not need."""

from typing import Any

from django.db import models

from conversations.models import Conversation


class Deal(models.Model):
    """What a bid or campaign keeps beside its conversation, whose lock guards this row too.

    `proposed_amount` is in minor units. `last_offer` is the newest on the table. While the automation is paused,
    `due_left` and `remind_left` hold what was left of the conversation's `due_at` and `remind_at`.
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
        """What an action can change, to detect whether one has."""
        return self.last_offer_id, self.revisions_used, self.due_left, self.remind_left
