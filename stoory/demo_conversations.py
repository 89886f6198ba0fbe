"""The demo conversations, in many different states."""

from dataclasses import dataclass, field
from typing import Any

ANAYA, KIRAN, MIRA, DEV, LEELA = "Anaya Rao", "Kiran Mehta", "Mira Kapoor", "Dev Iyer", "Leela Nair"


@dataclass(frozen=True)
class DemoStep:
    """A step of the user `who`: sends the message `says`, or takes the action `does` with `data`. With `pays`, the user
    also pays the order that the action opened. `reports` is the event that the sandbox reports about the order, with
    the price `amount` of a refund."""

    who: str
    says: str = ""
    does: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    pays: bool = False
    reports: str = ""
    amount: str | None = None


@dataclass(frozen=True)
class DemoConversation:
    """A conversation that began `hours` ago. The users in `read_by` have read all its messages."""

    kind: str
    opener: str
    other: str
    hours: float
    text: str
    title: str | None = None
    amount: str | None = None
    steps: tuple[DemoStep, ...] = ()
    read_by: tuple[str, ...] = ()


def _up_to_the_offer(brand: str, influencer: str, details: str, price: str) -> tuple[DemoStep, ...]:
    return (
        DemoStep(influencer, does="accept_connection"),
        DemoStep(brand, does="send_project_details", data={"details": details}),
        DemoStep(influencer, does="accept_project"),
        DemoStep(brand, does="send_price_offer", data={"price": price}),
    )


CONVERSATIONS = (
    DemoConversation(
        "bid",
        ANAYA,
        MIRA,
        hours=46,
        title="Monsoon recipe cards",
        amount="9500",
        text="Six recipe cards for our spice tins, in your handwriting if you like.",
        steps=(
            DemoStep(MIRA, says="My handwriting! You are brave. Yes, happily."),
            *_up_to_the_offer(
                ANAYA, MIRA, "Six cards, A5, one spice each. We print, you write and photograph.", price="9500"
            ),
            DemoStep(MIRA, does="negotiate_price"),
            DemoStep(ANAYA, does="agree_negotiation"),
            DemoStep(MIRA, does="send_counter_offer", data={"price": "12000"}),
            DemoStep(ANAYA, does="accept_counter_offer"),
            DemoStep(ANAYA, does="proceed_to_payment", pays=True),
            DemoStep(MIRA, does="start_work"),
            DemoStep(
                MIRA,
                does="submit_work",
                data={
                    "deliverables": "Six cards and twelve photographs",
                    "description": "The tamarind one is my best.",
                },
            ),
            DemoStep(ANAYA, does="approve_work"),
            DemoStep(ANAYA, says="They are beautiful. The office has already cooked two of them."),
            DemoStep(MIRA, says="Tell me which ones! And thank you for the quick payment."),
        ),
        read_by=(ANAYA, MIRA),
    ),
    DemoConversation(
        "campaign",
        KIRAN,
        DEV,
        hours=40,
        title="Half-marathon shoes",
        amount="25000",
        text="We sponsor the whole race week. You would run in the new pair and tell people how it went.",
        steps=(
            *_up_to_the_offer(
                KIRAN, DEV, "One post a day from Monday to race day, and an honest review a week later.", price="25000"
            ),
            DemoStep(DEV, says="An honest review means honest, even if my toes complain?"),
            DemoStep(KIRAN, says="Especially then."),
            DemoStep(DEV, does="accept_price"),
        ),
        read_by=(DEV,),
    ),
    DemoConversation(
        "bid",
        ANAYA,
        LEELA,
        hours=34,
        title="Gift hampers, unboxed",
        amount="16000",
        text="Four hampers, four unboxings. You choose the order.",
        steps=(
            *_up_to_the_offer(
                ANAYA, LEELA, "Four short videos, vertical, no music that we would have to license.", "16000"
            ),
            DemoStep(LEELA, does="accept_price"),
            DemoStep(ANAYA, does="proceed_to_payment", pays=True),
            DemoStep(LEELA, does="start_work"),
            DemoStep(
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
    DemoConversation(
        "bid",
        KIRAN,
        MIRA,
        hours=30,
        title="Studio kitchen shoot",
        amount="8000",
        text="A day in our studio kitchen, cameras on a crane, you at the stove.",
        steps=(
            DemoStep(MIRA, does="reject_connection", data={"reason": "I only film at home, sorry. Good luck with it!"}),
        ),
        read_by=(KIRAN, MIRA),
    ),
    DemoConversation(
        "campaign",
        ANAYA,
        DEV,
        hours=22,
        title="Trail mix for long runs",
        amount="14000",
        text="Ten runners, ten pockets of trail mix. Are you one of them?",
        steps=(
            *_up_to_the_offer(ANAYA, DEV, "One reel on a run of more than 15 km, pockets visible.", "14000"),
            DemoStep(DEV, does="negotiate_price"),
            DemoStep(ANAYA, does="agree_negotiation"),
        ),
        read_by=(ANAYA,),
    ),
    DemoConversation(
        "bid",
        KIRAN,
        DEV,
        hours=18,
        title="Sunrise route map",
        amount="6000",
        text="Draw us the route that you run when nobody watches?",
        steps=(
            *_up_to_the_offer(KIRAN, DEV, "One map, hand-drawn, with three places to rest.", "6000"),
            DemoStep(DEV, does="accept_price"),
            DemoStep(KIRAN, does="proceed_to_payment", pays=True),
            DemoStep(DEV, does="start_work"),
            DemoStep(DEV, says="Two places to rest have closed. I will draw one, for less."),
            DemoStep(KIRAN, reports="payment.refunded", amount="1500"),
        ),
        read_by=(KIRAN, DEV),
    ),
    DemoConversation(
        "campaign",
        KIRAN,
        LEELA,
        hours=14,
        title="Breathing exercises, five days",
        amount="9000",
        text="Five mornings, five breaths, one mat of ours below you.",
        steps=(
            *_up_to_the_offer(KIRAN, LEELA, "Five stories of a minute, one each morning.", "9000"),
            DemoStep(LEELA, does="accept_price"),
            DemoStep(KIRAN, does="proceed_to_payment", pays=True),
            DemoStep(LEELA, does="start_work"),
            DemoStep(KIRAN, reports="payment.dispute_opened"),
            DemoStep(LEELA, says="What happened? I can wait with the last two mornings."),
        ),
        read_by=(LEELA,),
    ),
    DemoConversation(
        "bid",
        KIRAN,
        LEELA,
        hours=9,
        title="Yoga mats, three colors",
        amount="11000",
        text="Your morning series and our new mats would get along, I think.",
    ),
    DemoConversation(
        "direct",
        DEV,
        ANAYA,
        hours=5,
        text="Do you work with runners as well?",
        steps=(
            DemoStep(ANAYA, says="We do, there is a campaign waiting for you."),
            DemoStep(DEV, says="Found it. I run on Sunday."),
        ),
        read_by=(DEV,),
    ),
    DemoConversation(
        "direct",
        ANAYA,
        MIRA,
        hours=2,
        text="Hi Mira, loved your monsoon recipes series!",
        steps=(
            DemoStep(MIRA, says="Thank you! Those were three very wet weekends."),
            DemoStep(ANAYA, says="We are planning something for Diwali. May I send you the brief as a bid?"),
            DemoStep(MIRA, says="Please do, I have room for one campaign in October."),
            DemoStep(MIRA, says="And save me one of the snack boxes, whatever happens."),
        ),
    ),
)
