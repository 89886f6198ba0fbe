"""The records of staff members who view conversations."""

from accounts.models import User
from conversations.models import Conversation, ConversationView, Participant


def record_view(*, conversation: Conversation, viewer: User, through: str, subject: object = "") -> None:
    """Record that a staff member viewed a conversation in which the staff member is not a participant.

    `through` names the interface. `subject` is the id of the message or file if only that was viewed.
    """
    if viewer.is_staff and not Participant.objects.filter(conversation=conversation, user=viewer).exists():
        ConversationView.objects.create(conversation=conversation, viewer=viewer, through=through, subject=str(subject))
