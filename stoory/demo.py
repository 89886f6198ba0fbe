"""People and conversations that a newcomer finds; made by `manage.py demo`."""

from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from messaging.inputs import MarkRead, OpenConversation, SendMessage
from messaging.opening import open_by
from messaging.sending import send_message
from messaging.services import mark_read

PASSWORD = "stoory-demo-2026"  # noqa: S105 (published on the home page of the demo)
ADMIN = "admin@example.com"


@dataclass(frozen=True)
class Person:
    email: str
    name: str
    role: str

    @property
    def part(self) -> str:
        return self.role.replace("_", " ")


PEOPLE = (
    Person("brand@example.com", "Anaya Rao", "brand_owner"),
    Person("studio@example.com", "Kiran Mehta", "brand_owner"),
    Person("influencer@example.com", "Mira Kapoor", "influencer"),
    Person("runner@example.com", "Dev Iyer", "influencer"),
)
BOTH_SIDES = (PEOPLE[0], PEOPLE[2])
"""Who plays the deal of the demo page: the brand owner and the influencer."""


def is_there() -> bool:
    return User.objects.filter(email=PEOPLE[0].email).exists()


@transaction.atomic
def make() -> None:
    """The accounts, and conversations of every type between them."""
    anaya, kiran, mira, dev = (_person(person) for person in PEOPLE)
    User.objects.create_superuser(email=ADMIN, password=PASSWORD, name="Operator")
    chat = _open(anaya, mira, "direct", "Hi Mira, loved your monsoon recipes series!")
    _say(mira, chat, "Thank you! Those were three very wet weekends.")
    _say(anaya, chat, "We are planning something for Diwali. May I send you the brief as a bid?")
    _say(mira, chat, "Please do, I have room for one campaign in October.")
    mark_read(user=anaya, conversation_id=chat, given=MarkRead(up_to=2**31))
    _open(
        anaya,
        mira,
        "bid",
        "Three reels and a story, brief attached.",
        title="Diwali snack box",
        amount="18000",
    )
    _open(kiran, dev, "campaign", "We sponsor the whole race week.", title="Half-marathon shoes", amount="25000")
    _say(dev, _open(dev, anaya, "direct", "Do you work with runners as well?"), "Here is my media kit.")


def _person(person: Person) -> User:
    return User.objects.create_user(email=person.email, password=PASSWORD, name=person.name, role=person.role)


def _open(
    opener: User, other: User, kind: str, text: str, *, title: str | None = None, amount: str | None = None
) -> str:
    given = OpenConversation(
        conversation_type=kind,
        user_id=str(other.pk),
        title=title,
        source_id=f"demo-{title}" if title else None,
        proposed_amount=amount,
        message=text,
    )
    return str(open_by(opener=opener, given=given).conversation.pk)


def _say(sender: User, conversation_id: str, text: str) -> None:
    send_message(sender=sender, given=SendMessage(conversation_id=conversation_id, message=text))
