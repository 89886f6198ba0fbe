"""The signal receivers of deals: a refund is stored with its task, and the removal of a party leaves a payment
undecided."""

from typing import Any

from django.dispatch import receiver

from conversations.models import Conversation
from conversations.signals import participant_removed
from deals.models import Refund
from deals.payments.undecided import leave_running_payments_undecided
from deals.signals import refund_scheduled
from deals.tasks import request_refund


@receiver(participant_removed, dispatch_uid="leave_payments_undecided")
def participant_was_removed(conversation: Conversation, **_: Any) -> None:
    leave_running_payments_undecided(conversation, cause="participant_removed")


@receiver(refund_scheduled, dispatch_uid="request_refund")
def refund_was_scheduled(refund: Refund, **_: Any) -> None:
    """Enqueue the task of a refund in the transaction that stores it."""
    request_refund.enqueue(refund.pk)
