"""The system messages about the money of a deal, as both parties read them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_AMOUNT = r"\D{0,4}(?P<amount>[\d,]+\.\d\d)"
_REMAINING = r"\D{0,4}(?P<remaining>[\d,]+\.\d\d)"
_KINDS = {
    "verified": r"The payment of .+ has arrived\.",
    "refunded": r"The payment of .+ was refunded in full",
    "partial_refund": rf"{_AMOUNT} of the payment was refunded\. {_REMAINING} remains\.",
    "refund_failed": rf"A refund of {_AMOUNT} failed\.",
    "refund_decided": rf"An operator decided to refund {_AMOUNT}\.",
    "undecided": r"An operator decides what happens to the payment",
    "dispute_opened": r"The payment of .+ is disputed\.",
    "dispute_won": r"The dispute is over, and it did not take back the payment\.",
    "dispute_lost": r"The dispute took back the payment",
}
KINDS = {kind: re.compile(pattern) for kind, pattern in _KINDS.items()}


@dataclass(frozen=True)
class Told:
    """A message about money. Amounts are in minor units."""

    kind: str
    amount: int = 0
    remaining: int = 0


def read_told(text: str) -> Told | None:
    """Return what a message says about money, or None if it says nothing about it."""
    for kind, pattern in KINDS.items():
        if found := pattern.match(text):
            amounts = found.groupdict()
            return Told(kind, *(_minor_units(amounts.get(name, "0")) for name in ("amount", "remaining")))
    return None


def _minor_units(digits: str) -> int:
    return int(re.sub(r"\D", "", digits))


def told_wrongly(told: Sequence[Told], price: int, refunded: int) -> Iterator[str]:
    """Yield a text for each message that contradicts the messages before it, or for a refund that nobody was told.

    `refunded` is what was refunded in the end. A failed refund adds to what remains only if the refund was told before,
    so several amounts are possible.
    """
    possible, is_lost = {price}, False
    for one in told:
        if one.kind == "verified" and possible == {0}:
            yield "told that the payment has arrived, after it was refunded"
        elif one.kind == "dispute_lost":
            is_lost = True
        elif one.kind == "refund_failed":
            possible = possible | {left + one.amount for left in possible if left + one.amount <= price}
        elif one.kind in {"partial_refund", "refunded"}:
            left = _left_after(one, possible, is_lost)
            if not left:
                yield f"told of {one}, but of the payment remained {sorted(possible)}"
            possible = left or possible
    if price - refunded not in possible:
        yield f"told that {sorted(possible)} remains, but {price - refunded} does"


def _left_after(one: Told, possible: set[int], is_lost: bool) -> set[int]:
    """Return what can remain after a refund: nothing that fits if it contradicts what remained before."""
    if one.kind == "refunded":
        return {0} if possible - {0} else set()
    left = {before - one.amount for before in possible if before > one.amount}
    if is_lost:
        return left if one.remaining == 0 else set()
    return left & {one.remaining}
