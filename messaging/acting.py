"""The use case "act": a party clicks, an operator steps in, the system moves; each one transaction under the
conversation's lock, decided by its flow alone."""

import uuid
from dataclasses import dataclass
from typing import Any

from accounts.models import SYSTEM_USER_ID, User
from conversations.facts import facts_of
from conversations.flows import Decision, Role, decide, understood
from conversations.flows.engine import Click
from conversations.models import Conversation, Delivery, Participant, PaymentOrder, Transition
from conversations.moves import carry_out
from conversations.services import locked
from foundation.ids import parse_id
from foundation.refusals import Forbidden, NotFound, Refusal
from messaging.answers import ActedAnswer
from messaging.inputs import Act
from messaging.models import SYSTEM, Message
from messaging.payloads import MessagePayload, PaymentPayload
from messaging.selectors import conversation_for, telling_how_it_stands
from messaging.services import sides_of, writable
from realtime.publishing import unit_of_work


@dataclass(frozen=True, kw_only=True)
class Acted:
    """What came of an action; `repeated` where the very same click had been taken before."""

    conversation: Conversation
    message: Message | None = None
    order: PaymentOrder | None = None
    repeated: bool = False


def act(*, user: User, conversation_id: object, given: Act) -> Acted:
    """Take an action as a party of the conversation.

    Raises `NotFound`, `Forbidden` for staff, then what `decide` raises; a 409 tells how the conversation stands.
    """
    with telling_how_it_stands(user, conversation_id), unit_of_work():
        conversation, sides = writable(_parsed(conversation_id), user)
        role = next(Role(side.role) for side in sides if side.user_id == user.pk)
        before = _taken_before(conversation, user, given)
        if before is not None:
            return before
        decision = decide(
            conversation.flow,
            conversation.flow_state,
            facts_of(conversation, sides),
            role,
            given.action,
            given.data,
            state_version=given.state_version,
        )
        return carried_out(conversation, sides, decision, user)


def answer_to(acted: Acted, user: User) -> ActedAnswer:
    """What the one who acted is answered; a member that does not apply is not set."""
    shown = conversation_for(user=user, conversation_id=acted.conversation.pk)
    members: dict[str, Any] = {"conversation": shown}
    if acted.message is not None:
        members["message"] = MessagePayload.of(acted.message, state_version=shown.state_version)
    if acted.order is not None:
        members["payment"] = PaymentPayload.of(acted.order)
    if acted.repeated:
        members["repeated"] = True
    return ActedAnswer.model_construct(**members)


def operate(*, operator: User, conversation_id: object, action: str, given: Any) -> Acted:
    """Pause, resume or close a conversation, as staff. `given` has `reason` and `state_version`.

    Raises `NotFound` and `Forbidden` for others, then what `decide` raises.
    """
    with telling_how_it_stands(operator, conversation_id), unit_of_work():
        parsed = _parsed(conversation_id)
        if not operator.is_staff:
            writable(parsed, operator)
            raise Forbidden("Only operators do this.")
        conversation = locked(parsed)
        sides = sides_of(conversation)
        decision = decide(
            conversation.flow,
            conversation.flow_state,
            facts_of(conversation, sides),
            Role.OPERATOR,
            action,
            {"reason": given.reason},
            state_version=given.state_version,
        )
        return carried_out(conversation, sides, decision, operator)


def move_by_system(conversation: Conversation, event: str) -> Acted:
    """Let the system take one of the events of the state, or remind. The conversation is locked.

    Raises `ConversationClosed` or `WrongState`.
    """
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


def _parsed(conversation_id: object) -> uuid.UUID:
    parsed = parse_id(conversation_id)
    if parsed is None:
        raise NotFound("There is no such conversation.")
    return parsed


def carried_out(conversation: Conversation, sides: list[Participant], decision: Decision, actor: User) -> Acted:
    """Carry a decision out: records, steps, and the one message between them."""
    said: list[Message] = []

    def announce(transition: Transition | None, delivery: Delivery | None) -> None:
        if decision.message is not None:
            said.append(_say(conversation, sides, decision, actor, transition))

    carry_out(conversation=conversation, decision=decision, actor=actor, announce=announce)
    return Acted(conversation=conversation, message=said[0] if said else None)


def _say(
    conversation: Conversation,
    sides: list[Participant],
    decision: Decision,
    actor: User,
    transition: Transition | None,
) -> Message:
    words = decision.message
    people = {side.role: side.user_id for side in sides}
    return Message.objects.create(
        conversation=conversation,
        sender_id=SYSTEM_USER_ID if words.sender is Role.SYSTEM else actor.pk,
        receiver_id=people[words.receiver.value],
        message=words.text,
        message_type=SYSTEM,
        is_automated=True,
        action_required=words.action_required,
        action_data=dict(words.action_data) if words.action_data else None,
        transition=transition,
    )


def _taken_before(conversation: Conversation, user: User, given: Act) -> Acted | None:
    """What the first click did, where this is the very same one: actor, action, `state_version` and data."""
    if given.state_version is None or given.state_version >= conversation.state_version:
        return None
    step = (
        conversation.transitions.filter(state_version=given.state_version + 1, actor=user)
        .select_related("message")
        .first()
    )
    if step is None or step.from_standing is None:
        return None
    click = _understood(conversation, step.from_standing["flow_state"], given)
    if click != Click(step.action, step.data):
        return None
    return Acted(conversation=conversation, message=getattr(step, "message", None), repeated=True)


def _understood(conversation: Conversation, state: str, given: Act) -> Click | None:
    try:
        return understood(conversation.flow, state, given.action, given.data, conversation.currency)
    except (Refusal, KeyError):  # a newer version of the flow may have no such state
        return None
