"""What a search term finds on the admin pages of payment orders and of views."""

import uuid

from django.db.models import Q

from accounts.people_search import MOST_FOUND, found_by_staff
from conversations.models import ConversationView
from deals.models import PaymentOrder
from foundation.ids import parse_id


def payment_orders(term: str) -> set[uuid.UUID]:
    """Return the ids of orders: by their payer, their id, their conversation's id, or the provider's reference."""
    wanted, found = Q(reference=term) | Q(payer__in=found_by_staff(term)), parse_id(term)
    if found:
        wanted |= Q(pk=found) | Q(conversation=found)
    return set(PaymentOrder.objects.filter(wanted).order_by().values_list("pk", flat=True)[:MOST_FOUND])


def conversation_views(term: str) -> set[int]:
    """Return the ids of views: by their viewer, or the id of the conversation, message or file that was viewed."""
    wanted, found = Q(subject=term) | Q(viewer__in=found_by_staff(term)), parse_id(term)
    if found:
        wanted |= Q(conversation=found) | Q(subject=str(found))
    return set(ConversationView.objects.filter(wanted).order_by().values_list("pk", flat=True)[:MOST_FOUND])
