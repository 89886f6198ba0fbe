"""People and conversations that a newcomer finds; made by `manage.py demo`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.models import User
from deals.actions import act
from deals.opening import open_by
from deals.payments.orders import pay_in_sandbox
from deals.requests import ActionRequest, OpenConversation
from foundation import clock
from messaging.requests import MarkRead, SendMessage
from messaging.sending import send_message
from messaging.services import mark_read
from stoory.demo_conversations import ANAYA, DEV, KIRAN, LEELA, MIRA, STORIES, Beat, Story

PASSWORD = "stoory-demo-2026"  # noqa: S105 (published on the home page of the demo)
ADMIN = "admin@example.com"
PAUSE = timedelta(minutes=13)
"""Between one beat of a story and the next."""

PARTS = {"brand_owner": gettext_lazy("brand owner"), "influencer": gettext_lazy("influencer")}


@dataclass(frozen=True)
class Person:
    email: str
    name: str
    role: str

    @property
    def part(self) -> str:
        return str(PARTS[self.role])


PEOPLE = (
    Person("brand@example.com", ANAYA, "brand_owner"),
    Person("studio@example.com", KIRAN, "brand_owner"),
    Person("influencer@example.com", MIRA, "influencer"),
    Person("runner@example.com", DEV, "influencer"),
    Person("yoga@example.com", LEELA, "influencer"),
)
BOTH_SIDES = (PEOPLE[0], PEOPLE[2])
"""Who plays the deal of the demo page: the brand owner and the influencer."""


def is_there() -> bool:
    return User.objects.filter(email=PEOPLE[0].email).exists()


@transaction.atomic
def make(report: Callable[[str], object] = lambda _: None) -> None:
    """Make the accounts, and conversations of every type and in many states between them.

    `report` is called with a line about each part before it is made.
    """
    report(f"{len(PEOPLE)} people and an operator")
    users = {person.name: _registered(person) for person in PEOPLE}
    User.objects.create_superuser(email=ADMIN, password=PASSWORD, name="Operator")
    for story in STORIES:
        report(f"{story.opener} and {story.other}: {story.title or 'a direct conversation'}")
        _tell(story, users)


def _registered(person: Person) -> User:
    return User.objects.create_user(email=person.email, password=PASSWORD, name=person.name, role=person.role)


def _tell(story: Story, users: dict[str, User]) -> None:
    began = -timedelta(hours=story.hours)
    with clock.moved(began):
        conversation_id = _open(story, users)
    for number, beat in enumerate(story.beats, start=1):
        with clock.moved(began + number * PAUSE):
            _play(beat, users[beat.who], conversation_id)
    for name in story.read_by:
        mark_read(user=users[name], conversation_id=conversation_id, given=MarkRead(up_to=2**31))


def _open(story: Story, users: dict[str, User]) -> str:
    given = OpenConversation(
        conversation_type=story.kind,
        user_id=str(users[story.other].pk),
        title=story.title,
        source_id=f"demo-{story.title}" if story.title else None,
        proposed_amount=story.amount,
        message=story.text,
    )
    return str(open_by(opener=users[story.opener], given=given).conversation.pk)


def _play(beat: Beat, user: User, conversation_id: str) -> None:
    if beat.says:
        send_message(sender=user, given=SendMessage(conversation_id=conversation_id, message=beat.says))
    if beat.does:
        acted = act(user=user, conversation_id=conversation_id, given=ActionRequest(action=beat.does, data=beat.data))
        if beat.pays:
            assert acted.order is not None
            pay_in_sandbox(user=user, order_id=acted.order.pk, kind="payment.succeeded")
