"""The kinds of inputs, guards and effects that the parts of a flow can have."""

from enum import StrEnum


class InputKind(StrEnum):
    """The kind of an input. The value is the `type` that clients receive."""

    TEXT = "text"
    TEXTAREA = "textarea"
    PRICE = "number"
    FILES = "files"


class PriceRule(StrEnum):
    """How a price that a client sends must relate to the newest offer: any price, the same, or a different price."""

    FREE = "free"
    ECHO = "echo"
    DIFFERENT = "different"


class Guard(StrEnum):
    ROUNDS_LEFT = "rounds left"
    NO_ROUNDS_LEFT = "no rounds left"
    REVISIONS_LEFT = "revisions left"
    NO_REVISIONS_LEFT = "no revisions left"
    WITHDRAWALS_LEFT = "withdrawals left"


class Effect(StrEnum):
    """The effect of an action, in addition to its transition."""

    OFFER = "offer"
    COUNTER_OFFER = "counter"
    FINAL_OFFER = "final"
    ACCEPT_OFFER = "accept_offer"
    OPEN_PAYMENT = "open_payment"
    DELIVER = "deliver"
    REQUEST_REVISION = "request_revision"
    WITHDRAW_REQUEST = "withdraw_request"
    WITHDRAW_OFFER = "withdraw_offer"


OFFERS = frozenset({Effect.OFFER, Effect.COUNTER_OFFER, Effect.FINAL_OFFER})
WITHDRAWALS = frozenset({Effect.WITHDRAW_REQUEST, Effect.WITHDRAW_OFFER})
"""The effects of actions that the party takes that is not awaited."""


class Interruption(StrEnum):
    """How a system action interrupts the deal: the deadline is held, and the state is entered again later."""

    BEGIN = "begin"
    END = "end"
