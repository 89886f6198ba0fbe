"""Errors of conversations."""

from foundation.errors import NotFound


class ConversationNotFound(NotFound):
    """There is no such conversation, the user does not take part in it, or the id is malformed: one answer for all."""

    default_message = "There is no such conversation."
