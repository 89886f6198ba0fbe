"""The records of staff members who view conversations."""

from accounts.models import User
from conversations.models import Conversation, ConversationView, Participant


def record_view(*, conversation: Conversation, viewer: User, through: str, subject: object = "") -> None:
    """Record that a staff member viewed a conversation in which the staff member is not a participant.

    `through` names the interface. `subject` is the id of the message or file if only that was viewed.
    """
    if viewer.is_staff and not Participant.objects.filter(conversation=conversation, user=viewer).exists():
        _record(conversation, viewer, through, subject)


def record_view_of_revisions(*, conversation: Conversation, viewer: User, through: str, subject: object) -> None:
    """Record that a staff member viewed former words of a message, or a file of a deleted message. Views by staff who
    are participants are recorded too."""
    _record(conversation, viewer, f"revisions:{through}", subject)


def _record(conversation: Conversation, viewer: User, through: str, subject: object) -> None:
    ConversationView.objects.create(conversation=conversation, viewer=viewer, through=through, subject=str(subject))
