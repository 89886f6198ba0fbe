"""Errors of conversations."""

from foundation.errors import NotFound


class ConversationNotFound(NotFound):
    """The conversation does not exist, the user is not a participant, or the id is malformed.

    All three cases raise the same error, so that users cannot find out which conversations exist.
    """

    default_message = "There is no such conversation."
