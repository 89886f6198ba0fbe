"""A decision of the flow carried out with its message: what acting, paying and deadlines have in common.

The caller has locked the conversation and is in a unit of work.
"""

from dataclasses import dataclass

from accounts.models import SYSTEM_USER_ID, User
from conversations.facts import facts_of
from conversations.flows import Decision, Role, decide
from conversations.flows.decisions import Message as Words
from conversations.models import Conversation, Delivery, Participant, PaymentOrder, Transition
from conversations.moves import carry_out
from messaging.models import SYSTEM, Message
from messaging.services import sides_of
from messaging.uploads import attach


@dataclass(frozen=True, kw_only=True)
class Acted:
    """What came of a move; `repeated` where the very same click had been taken before."""

    conversation: Conversation
    message: Message | None = None
    order: PaymentOrder | None = None
    repeated: bool = False

    @property
    def awaits_provider(self) -> bool:
        """Whether there is an order that its provider has to open before this is answered."""
        return self.order is not None and self.order.is_unopened


def move_by_system(conversation: Conversation, event: str) -> Acted:
    """Let the system take one of the events of the state, or remind. Raises `ConversationClosed` or `WrongState`."""
    sides = sides_of(conversation)
    facts = facts_of(conversation, sides)
    decision = decide(
        conversation.flow,
        conversation.flow_state,
        facts,
        Role.SYSTEM,
        event,
        state_version=conversation.state_version,
    )
    return carried_out(conversation, sides, decision, User(pk=SYSTEM_USER_ID))


def carried_out(conversation: Conversation, sides: list[Participant], decision: Decision, actor: User) -> Acted:
    """Carry a decision out, payments excepted: its records, its steps, and the one message after the first."""
    said: list[Message] = []

    def announce(transition: Transition | None, delivery: Delivery | None) -> None:
        if decision.message is not None:
            message = _message(conversation, sides, decision.message, actor)
            message.transition = transition
            if delivery is not None and decision.delivery is not None:
                files = decision.delivery.attachments
                message.attached = attach(owner=actor, upload_ids=files, message_id=message.pk, delivery=delivery)
            message.save()
            said.append(message)

    carry_out(conversation=conversation, decision=decision, actor=actor, announce=announce)
    return Acted(conversation=conversation, message=said[0] if said else None)


def _message(conversation: Conversation, sides: list[Participant], words: Words, actor: User) -> Message:
    people = {side.role: side.user_id for side in sides}
    return Message(
        conversation=conversation,
        sender_id=SYSTEM_USER_ID if words.sender is Role.SYSTEM else actor.pk,
        receiver_id=people[words.receiver.value],
        message=words.text,
        message_type=SYSTEM,
        is_automated=True,
        action_required=words.action_required,
        action_data=dict(words.action_data) if words.action_data else None,
    )
