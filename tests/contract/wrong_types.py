"""Code with type errors that mypy must find in every check of the application. It is never run.

mypy checks this module too. Each error here is ignored with a comment, and mypy reports a comment that ignores nothing.
So mypy fails as soon as it no longer finds one of the errors.
"""

from accounts.models import LoginSession, User
from conversations.models import Conversation
from messaging.models import Message
from messaging.payloads import MessagesReadPayload
from messaging.system_messages import post_system_message
from socketio_server import SocketServer


def wrong_calls(user: User, conversation: Conversation) -> None:
    post_system_message(conversation_id=str(conversation.pk), text="")  # type: ignore[arg-type]
    post_system_message(conversation_id=conversation.pk, words="")  # type: ignore[call-arg]
    LoginSession.objects.end_of(user, "deleted")  # type: ignore[arg-type]
    MessagesReadPayload.model_construct(  # type: ignore[call-arg]
        conversation_id=conversation.pk, user_id=user.pk, up_to=3, read_at=user.created_at
    )
    user.login_sessions.first().has_ended  # type: ignore[union-attr]  # noqa: B018


def wrong_fields(user: User, message: Message) -> None:
    message.created_at = 1767225600  # type: ignore[assignment]
    message.sender.may_login  # type: ignore[attr-defined]  # noqa: B018
    message.receiver_id.upper()  # type: ignore[attr-defined]
    Message(conversation=user)  # type: ignore[misc]


def wrong_queries(user: User, conversation: Conversation) -> None:
    Message.objects.filter(sequence=3)  # type: ignore[misc]
    Message.objects.filter(sender=conversation)  # type: ignore[misc]
    Message.objects.order_by("sequence")  # type: ignore[misc]
    user.login_sessions.alive()  # type: ignore[attr-defined]


class WrongServer(SocketServer):
    def send_frame(self, eio_sid: str, frame: dict[str, int]) -> None:  # type: ignore[override]
        super().send_frames(eio_sid, frame)  # type: ignore[misc]
