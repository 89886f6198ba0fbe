"""Refusals of this app."""

from foundation.errors import NotFound


class NoConversation(NotFound):
    """Absent, foreign, or no id at all: all are answered alike."""

    default_message = "There is no such conversation."
