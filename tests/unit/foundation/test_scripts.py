"""Words of names in one script, or in a combination that languages use."""

# ruff: noqa: RUF001 (letters of other scripts)

import pytest

from foundation.scripts import suspicious_word

ORDINARY = [
    "Anna-Lena O’Brien",
    "Mª José",
    "Straße 42",
    "ʻOkina",
    "Иван Петров",
    "Ελένη",
    "محمد بن سلمان",
    "दिव्या शर्मा",
    "नील १२३",
    "ꯃꯤꯇꯩ",
    "ᱥᱟᱱᱛᱟᱲᱤ",
    "王小明 Wang",
    "王Wang",
    "プリヤPriya",
    "アキラ・李",
    "김Kim",
    "李・Bruce",
    "ㄅㄆ李",
    "Riya ✨",
    "Studio²",
    "Müller & Söhne / Мюллер",
    "Иван (Ivan)",
    "99",
]
SUSPICIOUS = {
    "Pаypal": "Pаypal",
    "Раypal Inc": "Раypal",
    "Inc Eлена": "Eлена",
    "Αlpha": "Αlpha",
    "प्रियाPriya": "प्रियाPriya",
    "नीlल": "नीlल",
    "Ꭺda": "Ꭺda",
    "王Иван": "王Иван",
    "アअ": "アअ",
    "Anna-Иван": "Anna-Иван",
    "नी१a": "नी१a",
    "𝓡𝓲𝔂𝓪": "𝓡𝓲𝔂𝓪",
    "Ｍａｒｉａ": "Ｍａｒｉａ",
    "ﬁona": "ﬁona",
    "𝟏𝟐": "𝟏𝟐",
    "ᚠᚢ": "ᚠᚢ",
    "ⲁⲃ": "ⲁⲃ",
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names(name):
    assert suspicious_word(name) is None


@pytest.mark.parametrize(("name", "word"), SUSPICIOUS.items(), ids=SUSPICIOUS)
def test_words_that_mix_scripts_or_imitate_letters(name, word):
    assert suspicious_word(name) == word
