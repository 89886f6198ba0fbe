"""The signal receiver that leaves the payment of a deal undecided when a party is removed."""

from typing import Any

from django.dispatch import receiver

from conversations.models import Conversation
from conversations.signals import participant_removed
from deals.payments.undecided import leave_running_payments_undecided


@receiver(participant_removed, dispatch_uid="leave_payments_undecided")
def participant_was_removed(conversation: Conversation, **_: Any) -> None:
    leave_running_payments_undecided(conversation, cause="participant_removed")
