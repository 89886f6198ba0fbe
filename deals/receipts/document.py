"""The PDF of a receipt, in the active language."""

from datetime import datetime

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import get_language, get_language_bidi, gettext, ngettext

from conversations.flows.facts import price_text
from deals.receipts.selectors import PaidOrder, Receipt, Repayment
from deals.receipts.sheet import LEFT, RIGHT, SOFT, Cell, Sheet

VALUE = LEFT + 42
AMOUNT = RIGHT - 50
MOST_REFUNDS = 200
"""The most refunds that a PDF lists for each order. Further refunds are counted."""


def receipt_document(receipt: Receipt) -> bytes:
    """Return the receipt as a PDF."""
    title = gettext("Receipt")
    language = get_language() or settings.LANGUAGE_CODE
    sheet = Sheet(title=title, language=language, rtl=get_language_bidi(), created_at=receipt.issued_at)
    sheet.row(Cell(title, size=24), gap=3)
    sheet.row(Cell(gettext("This receipt is not an invoice."), color=SOFT), gap=5)
    for label, value in _about(receipt):
        _fact(sheet, label, value)
    for order in receipt.orders:
        _order(sheet, order, receipt.currency)
    _sums(sheet, receipt)
    return sheet.content()


def _about(receipt: Receipt) -> list[tuple[str, str]]:
    people = [(gettext("Brand owner"), receipt.brand_owner), (gettext("Influencer"), receipt.influencer)]
    return [
        (gettext("Deal"), receipt.conversation.title or str(receipt.conversation.pk)),
        *((label, user.name) for label, user in people if user),
        (gettext("Issued"), _moment(receipt.issued_at)),
    ]


def _order(sheet: Sheet, order: PaidOrder, currency: str) -> None:
    sheet.rule()
    _fact(sheet, gettext("Order"), str(order.id))
    _fact(sheet, gettext("Provider"), _provider(order))
    _movement(sheet, gettext("Paid"), _moment(order.paid_at), price_text(order.amount, currency))
    for refund in order.refunds[:MOST_REFUNDS]:
        _refund(sheet, refund, currency)
    if (n := len(order.refunds) - MOST_REFUNDS) > 0:
        words = ngettext("and %(n)s further refund", "and %(n)s further refunds", n) % {"n": n}
        _movement(sheet, "", words, price_text(sum(one.amount for one in order.refunds[MOST_REFUNDS:]), currency))


def _provider(order: PaidOrder) -> str:
    has_own_number = order.reference not in {"", str(order.id)}
    return f"{order.provider} · {order.reference}" if has_own_number else order.provider


def _refund(sheet: Sheet, refund: Repayment, currency: str) -> None:
    label = gettext("Disputed") if refund.is_dispute else gettext("Refunded")
    _movement(sheet, label, _moment(refund.at), price_text(refund.amount, currency))


def _sums(sheet: Sheet, receipt: Receipt) -> None:
    sums = [
        (gettext("Paid in total"), receipt.paid),
        (gettext("Refunded in total"), receipt.refunded),
        *([(gettext("Taken back by disputes"), receipt.disputed)] if receipt.disputed else []),
        (gettext("Remaining"), receipt.remaining),
    ]
    sheet.rule()
    for label, amount in sums:
        text = price_text(amount, receipt.currency)
        sheet.row(Cell(label, color=SOFT), Cell(text, begin=AMOUNT - 30, width=80, size=12, at_end=True))


def _fact(sheet: Sheet, label: str, value: str) -> None:
    sheet.row(Cell(label, width=VALUE - LEFT - 3, color=SOFT), Cell(value, begin=VALUE, width=RIGHT - VALUE))


def _movement(sheet: Sheet, label: str, when: str, amount: str) -> None:
    sheet.row(
        Cell(label, width=VALUE - LEFT - 3, color=SOFT),
        Cell(when, begin=VALUE, width=AMOUNT - VALUE - 3),
        Cell(amount, begin=AMOUNT, width=RIGHT - AMOUNT, at_end=True),
    )


def _moment(at: datetime) -> str:
    """Return date and time of a moment, in UTC."""
    return f"{date_format(at)}, {date_format(at, 'H:i')} UTC"
