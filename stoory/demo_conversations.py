"""What the people of the demo have said and done so far, in every state in which a newcomer may want to see it."""

from dataclasses import dataclass, field
from typing import Any

ANAYA, KIRAN, MIRA, DEV, LEELA = "Anaya Rao", "Kiran Mehta", "Mira Kapoor", "Dev Iyer", "Leela Nair"


@dataclass(frozen=True)
class Beat:
    """Somebody says something, or takes an action, or (`pays`) pays what it opened."""

    who: str
    says: str = ""
    does: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    pays: bool = False


@dataclass(frozen=True)
class Story:
    """A conversation that began `hours` ago; `read_by` are those who have read it to its end."""

    kind: str
    opener: str
    other: str
    hours: float
    text: str
    title: str | None = None
    amount: str | None = None
    beats: tuple[Beat, ...] = ()
    read_by: tuple[str, ...] = ()


def _to_the_price(brand: str, influencer: str, details: str, price: str) -> tuple[Beat, ...]:
    return (
        Beat(influencer, does="accept_connection"),
        Beat(brand, does="send_project_details", data={"details": details}),
        Beat(influencer, does="accept_project"),
        Beat(brand, does="send_price_offer", data={"price": price}),
    )


STORIES = (
    Story(
        "bid",
        ANAYA,
        MIRA,
        hours=46,
        title="Monsoon recipe cards",
        amount="9500",
        text="Six recipe cards for our spice tins, in your handwriting if you like.",
        beats=(
            Beat(MIRA, says="My handwriting! You are brave. Yes, happily."),
            *_to_the_price(
                ANAYA, MIRA, "Six cards, A5, one spice each. We print, you write and photograph.", price="9500"
            ),
            Beat(MIRA, does="negotiate_price"),
            Beat(ANAYA, does="agree_negotiation"),
            Beat(MIRA, does="send_counter_offer", data={"price": "12000"}),
            Beat(ANAYA, does="accept_counter_offer"),
            Beat(ANAYA, does="proceed_to_payment", pays=True),
            Beat(MIRA, does="start_work"),
            Beat(
                MIRA,
                does="submit_work",
                data={
                    "deliverables": "Six cards and twelve photographs",
                    "description": "The tamarind one is my best.",
                },
            ),
            Beat(ANAYA, does="approve_work"),
            Beat(ANAYA, says="They are beautiful. The office has already cooked two of them."),
            Beat(MIRA, says="Tell me which ones! And thank you for the quick payment."),
        ),
        read_by=(ANAYA, MIRA),
    ),
    Story(
        "campaign",
        KIRAN,
        DEV,
        hours=40,
        title="Half-marathon shoes",
        amount="25000",
        text="We sponsor the whole race week. You would run in the new pair and tell people how it went.",
        beats=(
            *_to_the_price(
                KIRAN, DEV, "One post a day from Monday to race day, and an honest review a week later.", price="25000"
            ),
            Beat(DEV, says="An honest review means honest, even if my toes complain?"),
            Beat(KIRAN, says="Especially then."),
            Beat(DEV, does="accept_price"),
        ),
        read_by=(DEV,),
    ),
    Story(
        "bid",
        ANAYA,
        LEELA,
        hours=34,
        title="Gift hampers, unboxed",
        amount="16000",
        text="Four hampers, four unboxings. You choose the order.",
        beats=(
            *_to_the_price(
                ANAYA, LEELA, "Four short videos, vertical, no music that we would have to license.", "16000"
            ),
            Beat(LEELA, does="accept_price"),
            Beat(ANAYA, does="proceed_to_payment", pays=True),
            Beat(LEELA, does="start_work"),
            Beat(
                LEELA,
                does="submit_work",
                data={
                    "deliverables": "Four videos of 25 seconds",
                    "description": "Filmed on the balcony, rain included in number three.",
                    "notes": "I kept the raw footage in case you want other cuts.",
                },
            ),
        ),
        read_by=(LEELA,),
    ),
    Story(
        "bid",
        KIRAN,
        MIRA,
        hours=30,
        title="Studio kitchen shoot",
        amount="8000",
        text="A day in our studio kitchen, cameras on a crane, you at the stove.",
        beats=(
            Beat(MIRA, does="reject_connection", data={"reason": "I only film at home, sorry. Good luck with it!"}),
        ),
        read_by=(KIRAN, MIRA),
    ),
    Story(
        "campaign",
        ANAYA,
        DEV,
        hours=22,
        title="Trail mix for long runs",
        amount="14000",
        text="Ten runners, ten pockets of trail mix. Are you one of them?",
        beats=(
            *_to_the_price(ANAYA, DEV, "One reel on a run of more than 15 km, pockets visible.", "14000"),
            Beat(DEV, does="negotiate_price"),
            Beat(ANAYA, does="agree_negotiation"),
        ),
        read_by=(ANAYA,),
    ),
    Story(
        "bid",
        KIRAN,
        LEELA,
        hours=9,
        title="Yoga mats, three colours",
        amount="11000",
        text="Your morning series and our new mats would get along, I think.",
    ),
    Story(
        "direct",
        DEV,
        ANAYA,
        hours=5,
        text="Do you work with runners as well?",
        beats=(
            Beat(ANAYA, says="We do, there is a campaign waiting for you."),
            Beat(DEV, says="Found it. I run on Sunday."),
        ),
        read_by=(DEV,),
    ),
    Story(
        "direct",
        ANAYA,
        MIRA,
        hours=2,
        text="Hi Mira, loved your monsoon recipes series!",
        beats=(
            Beat(MIRA, says="Thank you! Those were three very wet weekends."),
            Beat(ANAYA, says="We are planning something for Diwali. May I send you the brief as a bid?"),
            Beat(MIRA, says="Please do, I have room for one campaign in October."),
            Beat(MIRA, says="And save me one of the snack boxes, whatever happens."),
        ),
    ),
)
