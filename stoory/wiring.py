"""What `realtime` is told of this product, and what it is told to do when rights end."""

import uuid
from typing import Any

from django.dispatch import receiver

from accounts.selectors import dead_sessions
from accounts.services import authenticate_token
from accounts.signals import sessions_ended
from conversations.selectors import may_enter, presence_rooms, recently_expelled
from realtime.product import Product, install
from realtime.revocation import revoke_sessions

install(
    Product(
        authenticate=authenticate_token,
        may_enter=may_enter,
        dead_sessions=dead_sessions,
        recently_expelled=recently_expelled,
        presence_rooms=presence_rooms,
    )
)


@receiver(sessions_ended, dispatch_uid="revoke_sockets")
def revoke_sockets(session_ids: list[uuid.UUID], **_: Any) -> None:
    revoke_sessions(session_ids)
