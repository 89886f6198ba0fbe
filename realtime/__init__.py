"""Durable rooms over Socket.IO for any application: publish and subscribe, recovery, presence, commands.

The package works with rooms, events and user ids, and does not depend on their meaning in the application. It imports
only `socketio_server` and `foundation`. The application answers questions about users and rooms through
`ApplicationHooks`. Other packages import the names in `__all__` from here, and do not import the modules.

Start with `publishing` (send an event), then `event_log` (store it), `local_rooms` (deliver it to the sockets in order)
and `socket_gateway` (connect clients).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from realtime.declarations import Caller, Command, Event, registry
    from realtime.event_documents import (
        asyncapi_document,
        commands_document,
        event_list_document,
        room_events_document,
    )
    from realtime.event_log import LoggedEvent, last_seqs, rewrite_events
    from realtime.hooks import ROOM_NAME_CACHE_SIZE, ApplicationHooks, application_hooks, install_hooks, user_room
    from realtime.presence import last_seen_times, online_users
    from realtime.publishing import (
        before_commit,
        lock_rooms,
        publish,
        publish_ephemeral,
        queue_room_locks,
        reserve_seq,
        unit_of_work,
    )
    from realtime.rest import EventLogQuery, events_page
    from realtime.revocation import expel, revoke_sessions
    from realtime.savepoint_batch import run_savepoint_batch
    from realtime.socket_gateway import gateway
    from realtime.wakeups import listening_for_wakes, on_wake, wake_processes

__all__ = [
    "ROOM_NAME_CACHE_SIZE",
    "ApplicationHooks",
    "Caller",
    "Command",
    "Event",
    "EventLogQuery",
    "LoggedEvent",
    "application_hooks",
    "asyncapi_document",
    "before_commit",
    "commands_document",
    "event_list_document",
    "events_page",
    "expel",
    "gateway",
    "install_hooks",
    "last_seen_times",
    "last_seqs",
    "listening_for_wakes",
    "lock_rooms",
    "on_wake",
    "online_users",
    "publish",
    "publish_ephemeral",
    "queue_room_locks",
    "registry",
    "reserve_seq",
    "revoke_sessions",
    "rewrite_events",
    "room_events_document",
    "run_savepoint_batch",
    "unit_of_work",
    "user_room",
    "wake_processes",
]

_MODULES = {
    "declarations": ("Caller", "Command", "Event", "registry"),
    "event_documents": (
        "asyncapi_document",
        "commands_document",
        "event_list_document",
        "room_events_document",
    ),
    "event_log": ("LoggedEvent", "rewrite_events", "last_seqs"),
    "hooks": ("ROOM_NAME_CACHE_SIZE", "ApplicationHooks", "application_hooks", "install_hooks", "user_room"),
    "presence": ("last_seen_times", "online_users"),
    "publishing": (
        "before_commit",
        "lock_rooms",
        "publish",
        "publish_ephemeral",
        "queue_room_locks",
        "reserve_seq",
        "unit_of_work",
    ),
    "rest": ("EventLogQuery", "events_page"),
    "revocation": ("expel", "revoke_sessions"),
    "savepoint_batch": ("run_savepoint_batch",),
    "socket_gateway": ("gateway",),
    "wakeups": ("listening_for_wakes", "on_wake", "wake_processes"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:  # mypy would otherwise accept any name

    def __getattr__(name: str) -> Any:
        """Import a public name on first use, because Django imports this package before models can be imported."""
        module = _MODULE_OF.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
        return value
