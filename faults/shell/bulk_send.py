"""Threads that send batches of messages to one conversation, as a server process does for its sockets under load.

One line on stdin has the arguments. One line on stdout has the number of refused messages, the times of the beginning
and the end, and the first error.
"""

import sys
import threading
import time

from django.db import close_old_connections

from accounts.models import User
from messaging.requests import SendMessageRequest
from messaging.sending import OutgoingMessage, SentMessage, send_messages


def main() -> None:
    conversation, sender, threads, batches, size, length = sys.stdin.readline().split()
    refused: list[str] = []

    def write() -> None:
        user = User.objects.get(pk=sender)
        message = SendMessageRequest(conversation_id=conversation, message="x" * int(length))
        batch = [OutgoingMessage(user, message) for _ in range(int(size))]
        for _ in range(int(batches)):
            refused.extend(repr(one) for one in send_messages(batch) if not isinstance(one, SentMessage))
        close_old_connections()

    writers = [threading.Thread(target=write) for _ in range(int(threads))]
    begin = time.monotonic()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    print("written", len(refused), begin, time.monotonic(), refused[:1])
