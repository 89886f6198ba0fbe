"""Demo users and conversations; `manage.py demo` creates them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.models import User
from deals.actions import ActionAttempt, finish_action, take_actions
from deals.models import PaymentOrder
from deals.opening import open_conversation_as
from deals.payments import sandbox
from deals.payments.sandbox_payments import pay_in_sandbox
from deals.requests import ActionRequest, OpenConversationRequest
from foundation import clock
from messaging.read_marks import mark_read
from messaging.requests import MarkReadRequest, SendMessageRequest
from messaging.sending import send_message
from stoory.demo_conversations import ANAYA, CONVERSATIONS, DEV, KIRAN, LEELA, MIRA, DemoConversation, DemoStep

PASSWORD = "stoory-demo-2026"  # noqa: S105 (published on the home page of the demo)
ADMIN = "admin@example.com"
PAUSE = timedelta(minutes=13)
"""The time between two steps of a conversation."""

ROLE_NAMES = {"brand_owner": gettext_lazy("brand owner"), "influencer": gettext_lazy("influencer")}


@dataclass(frozen=True)
class Person:
    email: str
    name: str
    role: str

    @property
    def role_name(self) -> str:
        return str(ROLE_NAMES[self.role])


PEOPLE = (
    Person("brand@example.com", ANAYA, "brand_owner"),
    Person("studio@example.com", KIRAN, "brand_owner"),
    Person("influencer@example.com", MIRA, "influencer"),
    Person("runner@example.com", DEV, "influencer"),
    Person("yoga@example.com", LEELA, "influencer"),
)
DEAL_PEOPLE = (PEOPLE[0], PEOPLE[2])
"""The users of the deal on the demo page: the brand owner and the influencer."""


def exists() -> bool:
    return User.objects.filter(email=PEOPLE[0].email).exists()


@transaction.atomic
def make(report: Callable[[str], object] = lambda _: None) -> None:
    """Create the demo accounts, and conversations of every type in many states.

    `report` is called with a line of text before each part is created.
    """
    report(f"{len(PEOPLE)} people and an operator")
    users = {person.name: _registered(person) for person in PEOPLE}
    User.objects.create_superuser(email=ADMIN, password=PASSWORD, name="Operator")
    for conversation in CONVERSATIONS:
        report(f"{conversation.opener} and {conversation.other}: {conversation.title or 'a direct conversation'}")
        _make_conversation(conversation, users)


def _registered(person: Person) -> User:
    return User.objects.create_user(email=person.email, password=PASSWORD, name=person.name, role=person.role)


def _make_conversation(conversation: DemoConversation, users: dict[str, User]) -> None:
    began = -timedelta(hours=conversation.hours)
    with clock.moved(began):
        conversation_id = _open(conversation, users)
    for number, step in enumerate(conversation.steps, start=1):
        with clock.moved(began + number * PAUSE):
            _make_step(step, users[step.who], conversation_id)
    for name in conversation.read_by:
        mark_read(user=users[name], conversation_id=conversation_id, data=MarkReadRequest(up_to=2**31))


def _open(conversation: DemoConversation, users: dict[str, User]) -> str:
    data = OpenConversationRequest(
        conversation_type=conversation.kind,
        user_id=str(users[conversation.other].pk),
        title=conversation.title,
        source_id=f"demo-{conversation.title}" if conversation.title else None,
        proposed_amount=conversation.amount,
        message=conversation.text,
    )
    return str(open_conversation_as(opener=users[conversation.opener], data=data).conversation.pk)


def _make_step(step: DemoStep, user: User, conversation_id: str) -> None:
    if step.says:
        send_message(sender=user, data=SendMessageRequest(conversation_id=conversation_id, message=step.says))
    if step.does:
        order = _take(ActionAttempt(user, conversation_id, ActionRequest(action=step.does, data=step.data)))
        if step.pays:
            assert order is not None
            pay_in_sandbox(user=user, order_id=order.pk, kind="payment.succeeded")
    if step.reports:
        order = PaymentOrder.objects.get(conversation__id=conversation_id)
        pay_in_sandbox(user=user, order_id=order.pk, kind=step.reports, amount=step.amount)


def _take(attempt: ActionAttempt) -> PaymentOrder | None:
    """Take the action and return the order that it opened. The sandbox is in this process, so it can be called inside
    the transaction, unlike other providers."""
    [applied] = take_actions([attempt])
    if isinstance(applied, Exception):
        raise applied
    if applied.order is not None and applied.awaits_provider:
        applied = finish_action(attempt, applied, sandbox().open(applied.order))
    return applied.order
