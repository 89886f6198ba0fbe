"""Removes users from conversations and blocks them. Each line on stdin is a command; the response is `done` and the
time."""

import sys
import time
from uuid import UUID

from accounts.models import User
from accounts.services import block
from conversations.participant_removal import remove_participant


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        command, user, *conversation = line.split()
        if command == "remove":
            remove_participant(conversation_id=UUID(conversation[0]), user_id=UUID(user))
        else:
            block(user=User.objects.get(pk=user))
        print("done", time.monotonic(), flush=True)
