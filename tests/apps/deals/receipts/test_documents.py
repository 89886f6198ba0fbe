"""The PDF of a receipt: its text and amounts, in many scripts."""

import io
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from accounts.models import User
from conversations.models import Conversation
from deals.receipts.document import MOST_REFUNDS, receipt_document
from deals.receipts.fonts import FILES
from deals.receipts.selectors import PaidOrder, Receipt, Repayment

AT = datetime(2026, 11, 30, 12, 34, tzinfo=UTC)


def order(amount: int = 1_800_000, refunds: tuple[int, ...] = ()) -> PaidOrder:
    went_back = tuple(Repayment(amount=one, at=AT + timedelta(days=1)) for one in refunds)
    return PaidOrder(id=uuid.uuid4(), provider="sandbox", reference="", amount=amount, paid_at=AT, refunds=went_back)


def receipt(*orders: PaidOrder, title: str = "Snack box", name: str = "Mira", currency: str = "INR") -> Receipt:
    return Receipt(
        conversation=Conversation(title=title, currency=currency),
        brand_owner=User(name="Anaya"),
        influencer=User(name=name),
        orders=orders or (order(),),
        issued_at=AT,
    )


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def text_of(made: Receipt) -> str:
    """Return the text of the PDF. Glyphs that are part of another letter have control characters."""
    pages = [page.extract_text() for page in read(receipt_document(made)).pages]
    return "".join(sign for sign in "\n".join(pages) if sign == "\n" or unicodedata.category(sign)[0] != "C")


def words_of(made: Receipt) -> set[str]:
    return set(text_of(made).split())


def test_a_receipt_says_what_was_paid_and_that_it_is_no_invoice():
    one = order()
    text = text_of(receipt(one))
    for shown in ("Receipt", "not an invoice", "Snack box", "Anaya", "Mira", str(one.id), "sandbox", "Paid"):
        assert shown in text
    assert "Nov. 30, 2026, 12:34 UTC" in text
    assert text.count("₹18,000.00") == 3
    assert "₹0.00" in text
    assert text.count("Refunded") == 1


def test_refunds_and_sums_are_listed():
    first, second = order(100_000, (30_000, 20_050)), order(250_000, (250_000,))
    text = text_of(receipt(first, second))
    for shown in (str(first.id), str(second.id), "₹1,000.00", "₹300.00", "₹200.50", "₹2,500.00"):
        assert shown in text
    sums = text.split("Paid in total")[1].split()
    assert sums == ["₹3,500.00", "Refunded", "in", "total", "₹3,000.50", "Remaining", "₹499.50"]
    assert text.count("Dec. 1, 2026, 12:34 UTC") == 3


def test_a_lost_dispute_is_listed_apart_from_refunds():
    lost = Repayment(amount=70_000, at=AT, is_dispute=True)
    text = text_of(receipt(replace(order(100_000, (30_000,)), refunds=(Repayment(amount=30_000, at=AT), lost))))
    assert text.count("Disputed") == 1
    sums = " ".join(text.split("Paid in total")[1].split())
    assert sums == "₹1,000.00 Refunded in total ₹300.00 Taken back by disputes ₹700.00 Remaining ₹0.00"


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [
        ("HUF", 100_050, "HUF 1,000.50"),
        ("KWD", 10_125, "KWD 10.125"),
        ("JPY", 1500, "JP¥1,500"),
        ("EUR", 9_999_999_999, "€99,999,999.99"),
        ("VND", 99_999_999, "₫99,999,999"),
        ("ILS", 1, "₪0.01"),
        ("CLF", 123_456, "CLF 12.3456"),
    ],
)
def test_amounts_have_all_digits_of_their_currency(currency, amount, shown):
    assert text_of(receipt(order(amount), currency=currency)).count(shown) == 3


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", "₹1,234,567.50"), ("hi", "₹12,34,567.50"), ("de", "1.234.567,50 ₹"), ("fr", "1 234 567,50 ₹")],
)
def test_amounts_have_the_format_of_the_language(language, shown):
    with translation.override(language):
        assert text_of(receipt(order(123_456_750))).count(shown) == 3


DEVANAGARI = ["हिन्दी", "क्षितिज", "श्री", "किताब", "विज्ञान"]
ARABIC = ["محمد", "الصالح", "علي", "لا"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Zoë Müller-Łukasz", ["Zoë", "Müller-Łukasz"]),
        ("Ελένη Иванов", ["Ελένη", "Иванов"]),
        (" ".join(DEVANAGARI), DEVANAGARI),
        (" ".join(ARABIC), ARABIC),
        ("Snack محمد box हिन्दी 123", ["Snack", "محمد", "box", "हिन्दी", "123"]),
        ("محمد Snack हिन्दी 456 الصالح", ["محمد", "Snack", "हिन्दी", "456", "الصالح"]),
        ("शर्मा (Sharma) & Co.", ["शर्मा", "(Sharma)", "Co."]),
        ("Mira 🎉🎊 Rao", ["Mira", "\ufffd", "Rao"]),
        ("👩‍👩‍👧‍👦 Family", ["\ufffd", "Family"]),
        ("東京 Tokyo", ["\ufffd", "Tokyo"]),
        ("<b>{nb}</b> **x** \\n %(n)s", ["<b>{nb}</b>", "**x**", "\\n", "%(n)s"]),
        ("a\u202eb\u2066c\x07d\ne", ["abcd", "e"]),
    ],
)
def test_names_and_titles_of_all_scripts_can_be_read_back(name, words):
    assert words_of(receipt(name=name)) >= set(words)
    assert words_of(receipt(title=name)) >= set(words)


@pytest.mark.parametrize("word", ["x" * 200, "क्षि" * 50, "محمد" * 50, "W" * 199 + "!", "🎉 " * 100, "ab " * 66 + "é"])
def test_a_long_title_stays_on_the_page(word):
    made = receipt(title=word)
    page = read(receipt_document(made)).pages[0]
    xs: list[float] = []
    page.extract_text(visitor_text=lambda text, _cm, tm, *_: xs.append(tm[4]) if text.strip() else None)
    assert xs
    assert 0 < min(xs) <= max(xs) < page.mediabox.width - 30
    assert "".join(text_of(made).split()).count("₹18,000.00") == 3


def test_a_page_without_any_letter_is_no_error():
    assert "Receipt" in text_of(receipt(title="\u200f", name="\u0301"))


def test_many_orders_and_refunds_continue_on_further_pages():
    refunds = (1,) * (MOST_REFUNDS + 2)
    made = receipt(order(100_000, refunds), *(order() for _ in range(30)))
    assert len(read(receipt_document(made)).pages) > 3
    text = text_of(made)
    assert text.count("Refunded\n") + text.count("Refunded Dec") == MOST_REFUNDS
    assert "and 2 further refunds" in text
    assert all(str(one.id) in text for one in made.orders)


def test_a_receipt_in_arabic_runs_from_right_to_left():
    with translation.override("ar"):
        content = receipt_document(receipt())
    lines: list[tuple[float, str]] = []
    page: Any = read(content).pages[0]
    page.extract_text(visitor_text=lambda text, _cm, tm, *_: lines.append((tm[4], text)))
    assert next(x for x, text in lines if "Receipt" in text) > page.mediabox.width / 2
    assert read(content).trailer["/Root"]["/Lang"] == "ar"


SHAPED = {
    "ببب": {"uni066E.init", "uni066E.medi", "uni066E.fina", "dotbelowar"},
    "क्षि": {"uni0915094D0937", "uni093F.10"},
}
"""Words with the glyphs of their shaped form: three forms of one letter, and a ligature with a vowel before it."""


@pytest.mark.parametrize(
    "name", ["ببب", "क्षि", "Snack ببب box", "Snack क्षि box", "ببب Snack क्षि", "Snack ببب क्षि", "क्षि ببب 1 Snack"]
)
def test_words_are_shaped_by_the_rules_of_their_script(name):
    page = read(receipt_document(receipt(name=name))).pages[0]
    shaped = set().union(*(glyphs for word, glyphs in SHAPED.items() if word in name))
    assert shaped <= _glyphs(page)


def _glyphs(page: Any) -> set[str]:
    """Return the names of the embedded glyphs. The PDF has no names, so the outlines are compared."""
    names: dict[Any, set[str]] = {}
    for path in FILES.values():
        font = TTFont(path)
        for name in font.getGlyphOrder():
            names.setdefault(_outline(font, name), set()).add(name)
    embedded = (_outline(font, name) for font in _embedded(page) for name in font.getGlyphOrder())
    return set().union(*(names[outline] for outline in embedded if outline))


def _outline(font: TTFont, name: str) -> Any:
    return tuple(font["glyf"][name].getCoordinates(font["glyf"])[0])


def _embedded(page: Any) -> Iterator[TTFont]:
    """Yield the fonts of a page, with the glyphs that it uses."""
    for font in page["/Resources"]["/Font"].values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        yield TTFont(io.BytesIO(descriptor["/FontFile2"].get_data()))


def test_the_fonts_are_embedded():
    page = read(receipt_document(receipt(name="محمد"))).pages[0]
    names = [font["name"].getDebugName(4) for font in _embedded(page)]
    assert names == ["Noto Sans Regular", "Noto Sans Arabic Regular"]
