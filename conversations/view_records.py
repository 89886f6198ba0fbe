"""A record of each look that staff take into a conversation."""

from accounts.models import User
from conversations.models import Conversation, ConversationView, Participant


def record_view(*, conversation: Conversation, viewer: User, through: str, subject: object = "") -> None:
    """Write that somebody of the staff looked into a conversation they do not take part in, or at the one message
    or file in it whose id is `subject`."""
    if viewer.is_staff and not Participant.objects.filter(conversation=conversation, user=viewer).exists():
        ConversationView.objects.create(conversation=conversation, viewer=viewer, through=through, subject=str(subject))
