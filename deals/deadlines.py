"""Deadlines and reminders of conversations in which nothing happens.

Any number of schedulers may run: each takes one conversation at a time, under its lock, and leaves alone what
another one holds. Whatever has happened meanwhile is seen under that lock, so nothing fires twice or late.
"""

import uuid
from collections.abc import Collection

import structlog
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Least

from conversations.flows.decisions import due_in
from conversations.flows.system_actions import REMIND
from conversations.models import Conversation
from deals.transitions import apply_system_action
from foundation import clock
from realtime import unit_of_work

log = structlog.get_logger(__name__)

CONVERSATIONS_PER_ROUND = 500
"""Conversations that one round takes, so that a server which was down for long goes on serving meanwhile."""


def run_deadlines() -> int:
    """Do what is due now; answers how many conversations it concerned."""
    done = 0
    failed: set[uuid.UUID] = set()
    while done + len(failed) < CONVERSATIONS_PER_ROUND:
        # Queried before the transaction: on SQLite that would take the one write lock for nothing.
        if not _due(failed).exists():
            break
        taken = _take_one(failed)
        if taken is None:
            break
        done += taken not in failed
    return done


def _due(but: Collection[uuid.UUID]) -> QuerySet[Conversation]:
    now = clock.now()
    waiting = Conversation.objects.filter(Q(due_at__lte=now) | Q(remind_at__lte=now)).exclude(pk__in=but)
    return waiting.order_by(Least(Coalesce("due_at", "remind_at"), Coalesce("remind_at", "due_at")), "pk")


def _take_one(failed: set[uuid.UUID]) -> uuid.UUID | None:
    """The conversation that was taken; None where there was none that nobody else holds."""
    taken = None
    try:
        with unit_of_work():
            skip = connection.features.has_select_for_update_skip_locked
            conversation = _due(failed).select_for_update(skip_locked=skip).first()
            if conversation is None:
                return None
            taken = conversation.pk
            apply_system_action(conversation, _system_action_of(conversation))
    except Exception:
        if taken is None:
            raise
        # One conversation that cannot go on must not keep all others from it.
        log.exception("deadline_failed", conversation=str(taken))
        failed.add(taken)
    return taken


def _system_action_of(conversation: Conversation) -> str:
    """The system action of the deadline where it has passed, which makes a reminder pointless, else the reminder."""
    is_over = conversation.due_at is not None and conversation.due_at <= clock.now()
    system_action = due_in(conversation.flow, conversation.flow_state).system_action
    return system_action if is_over and system_action is not None else REMIND
