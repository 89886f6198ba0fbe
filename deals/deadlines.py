"""Deadlines and reminders of conversations in which nobody acts.

Any number of processes can run them. Each process locks one conversation at a time and skips conversations that another
process has locked. It reads the conversation under the lock, so no deadline takes effect twice or after an action.
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
"""The maximum number of conversations in one round, so that a server can also serve requests after a long downtime."""


def run_deadlines() -> int:
    """Take the system actions and send the reminders that are due. Returns the number of conversations."""
    done = 0
    failed: set[uuid.UUID] = set()
    while done + len(failed) < CONVERSATIONS_PER_ROUND:
        # The query runs before the transaction, because on SQLite each transaction takes the only write lock.
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
    """Process one conversation and return its id, or None if no conversation is due, or if other processes have locked
    all due conversations."""
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
        # The failure of one conversation must not stop the others.
        log.exception("deadline_failed", conversation=str(taken))
        failed.add(taken)
    return taken


def _system_action_of(conversation: Conversation) -> str:
    """Return the system action of the deadline if it has passed, else the reminder."""
    is_over = conversation.due_at is not None and conversation.due_at <= clock.now()
    system_action = due_in(conversation.flow, conversation.flow_state).system_action
    return system_action if is_over and system_action is not None else REMIND
