"""Connects the packages: hooks of `realtime`, parts of a conversation's payload, tasks, and numbers of the flows."""

import uuid
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import receiver

from accounts.selectors import dead_sessions
from accounts.services import authenticate_tokens
from accounts.signals import sessions_ended
from conversations import flows
from conversations.rendering import register_part
from conversations.selectors import presence_rooms, recently_expelled
from conversations.visibility import may_enter
from deals.payments import price_limits
from deals.selectors import load_available_actions
from deals.tasks import take_due_actions
from messaging.conversation_selectors import load_last_message
from realtime import ApplicationHooks, gateway, install_hooks, on_wake, revoke_sessions, wake_processes
from stoory.flow_overrides import overrides
from tasks import wakeups
from tasks.worker import Worker

try:
    flows.configure(overrides(settings.FLOWS))
except ValueError as error:
    raise ImproperlyConfigured(f"FLOWS: {error}") from None

flows.configure_price_limits(price_limits)

install_hooks(
    ApplicationHooks(
        authenticate=authenticate_tokens,
        may_enter=may_enter,
        dead_sessions=dead_sessions,
        recently_expelled=recently_expelled,
        presence_rooms=presence_rooms,
    )
)

register_part(load_last_message)
register_part(load_available_actions)

wakeups.connect(partial(wake_processes, "tasks"))
on_wake("tasks", wakeups.wake)

if settings.TASKS_IN_SERVER:
    without = () if settings.DEADLINES_IN_SERVER else (take_due_actions.kind,)
    worker = Worker(settings.TASK_THREADS, without=without)
    gateway.accompany(worker.start, worker.stop)


@receiver(sessions_ended, dispatch_uid="revoke_sockets")
def revoke_sockets(session_ids: list[uuid.UUID], **_: Any) -> None:
    revoke_sessions(session_ids)
