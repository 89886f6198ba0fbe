"""Prices in the format of the reader's language.

The digits are those of the given amount, so a price has the decimals of the server and never those of a library. The
pages use the same formats: `make documents` writes them to `static/app/price-formats.js`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

NBSP, NNBSP, LRM, RLM, APOSTROPHE = "\u00a0", "\u202f", "\u200e", "\u200f", "\u2019"

SYMBOLS: Mapping[str, str] = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "JP¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NGN": "₦",
    "NZD": "NZ$",
    "PHP": "₱",
    "TWD": "NT$",
    "USD": "US$",
    "VND": "₫",
}
"""Symbols that stand for one currency in every language. All other currencies are shown by their code."""

_LANGUAGES: Mapping[str, str] = {
    "¤1,234,567.5": "en es-MX fil ga ja kn ko ml mr ms or si th ur zh",
    "¤12,34,567.5": "en-IN gu hi pa ta te",
    "12,34,567.5¤": "bn",
    f"¤{NBSP}12,34,567.5": "as ne",
    f"¤{NBSP}1,234,567.5": "mn sw",
    f"1,234,567.5{NBSP}¤": "my",
    f"{LRM}¤{NBSP}1,234,567.5": "fa",
    f"{RLM}1,234,567.5{NBSP}¤": "ar",
    f"{RLM}1,234,567.5{NBSP}{RLM}¤": "he",
    f"{RLM}1.234.567,5{NBSP}¤": "ar-DZ ar-MA ar-TN",
    "¤1.234.567,5": "id tr",
    f"¤{NBSP}1.234.567,5": "de-AT es-AR es-CO nl pt",
    f"1.234.567,5{NBSP}¤": "az bs ca da de el es eu gl hr is it mk ro sl sr vi",
    f"¤1{NBSP}234{NBSP}567,5": "af en-ZA",
    f"1{NBSP}234{NBSP}567,5{NBSP}¤": "bg cs et fi fr-CA hu hy ka kk lt lv nb nn no pl pt-PT ru sk sq sv uk uz",
    f"1{NNBSP}234{NNBSP}567,5{NBSP}¤": "fr",
    f"1{NNBSP}234{NNBSP}567.5{NBSP}¤": "fr-CH",
    f"¤{NBSP}1{APOSTROPHE}234{APOSTROPHE}567.5": "de-CH de-LI en-CH it-CH",
}
"""Languages by an example of their format, with `¤` for the currency. Regions are listed where they differ."""


@dataclass(frozen=True)
class PriceFormat:
    """The format of a language. `pattern` has `#` for the number and `¤` for the currency.

    `sizes` are the numbers of digits in the last group and in the groups before it.
    """

    pattern: str
    decimal: str
    group: str
    sizes: tuple[int, int]

    def number(self, amount: str) -> str:
        """Return the number without its currency."""
        whole, _, fraction = amount.partition(".")
        number = self.group.join(reversed(list(self._groups(whole))))
        return f"{number}{self.decimal}{fraction}" if fraction else number

    def _groups(self, whole: str) -> Iterator[str]:
        """Yield the groups of digits, the last group first."""
        last, other = self.sizes
        yield whole[-last:]
        for end in range(len(whole) - last, 0, -other):
            yield whole[max(0, end - other) : end]


def localized_price(amount: str, currency: str, language: str) -> str:
    """Return a price for a reader: `"₹18,000.00"`.

    `amount` is a decimal string with all decimals of the currency, `currency` an ISO 4217 code, and `language` the code
    of a language. Prices in unknown languages have the English format.
    """
    found = price_format(language)
    symbol = SYMBOLS.get(currency, currency)
    pattern = found.pattern
    if symbol[-1].isalpha():
        pattern = pattern.replace("¤#", f"¤{NBSP}#")
    if symbol[0].isalpha():
        pattern = pattern.replace("#¤", f"#{NBSP}¤")
    return pattern.replace("#", found.number(amount)).replace("¤", symbol)


@cache
def price_format(language: str) -> PriceFormat:
    """Return the format of a language, or of the language without its region."""
    known = all_formats()
    code = language.replace("_", "-").lower()
    while code and code not in known:
        code = code.rpartition("-")[0]
    return known[code or "en"]


@cache
def all_formats() -> Mapping[str, PriceFormat]:
    """Return the formats by the lowercase code of the language."""
    return {code.lower(): _format_of(example) for example, codes in _LANGUAGES.items() for code in codes.split()}


def _format_of(example: str) -> PriceFormat:
    start, end = example.index("1"), example.rindex("5")
    number = example[start : end + 1]
    group = next(sign for sign in number if not sign.isdigit())
    decimal = [sign for sign in number if not sign.isdigit()][-1]
    sizes = (3, 2) if number.startswith("12") else (3, 3)
    return PriceFormat(f"{example[:start]}#{example[end + 1 :]}", decimal, group, sizes)
