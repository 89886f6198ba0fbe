"""Names that nobody can take, in every spelling."""

# ruff: noqa: RUF001 (letters of other scripts)

import pytest

from accounts.reserved_names import is_reserved

RESERVED = [
    "system",
    "SYSTEM",
    "S y s t e m",
    "S.y.s-t_e.m",
    "  System ✅",
    "Ｓｙｓｔｅｍ",
    "Ｓｙｓｔｅｍ　Ｓｕｐｐｏｒｔ",
    "ЅУЅТЕМ",
    "Ѕystem",
    "systern",
    "Sуstem",
    "S\u00ffstem",
    "Sys\u0336tem",
    "Sy5tem",
    "$ystem",
    "𝐒𝐲𝐬𝐭𝐞𝐦",
    "ⓈⓎⓈⓉⒺⓂ",
    "🅢🅨🅢🅣🅔🅜",
    "🆂🆄🅿🅿🅾🆁🆃",
    "🇦🇩🇲🇮🇳",
    "ꜱʏꜱᴛᴇᴍ",
    "ꓢꓬꓢꓔꓰꓟ",
    "ADM1N",
    "аdmin",
    "Аԁmin",
    "Adrnin",
    "@dmin",
    "SuppOrt",
    "Supp0rt",
    "Süpport",
    "Stoory",
    "Stoory Support",
    "Admin, System & Support",
    "ѕтоогу",
]
FREE = [
    "Systematic Films",
    "System of a Crown",
    "Supportive",
    "Adminah",
    "Anna Support",
    "Stoory Fan",
    "Sup Port Wine",
    "Ad Min Ton",
    "System 2",
    "Team Support",
    "Rita",
    "साहिल",
    "王",
    "✨",
    "Ø",
]


@pytest.mark.parametrize("name", RESERVED)
def test_reserved_names_in_every_spelling(name):
    assert is_reserved(name)


@pytest.mark.parametrize("name", FREE)
def test_other_names_are_free(name):
    assert not is_reserved(name)


def test_a_setting_reserves_more_names(settings):
    settings.RESERVED_NAMES = ["Acme Help", "ग्राहक सेवा"]
    for name in ("acme help", "ACME-HELP", "Аcme Неlp", "AcmeHelp Support", "ग्राहक  सेवा"):
        assert is_reserved(name)
    for name in ("Acme", "Help", "ग्राहक", "Acme Helper"):
        assert not is_reserved(name)
    settings.RESERVED_NAMES = []
    assert not is_reserved("Acme Help")
