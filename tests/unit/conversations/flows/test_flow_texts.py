"""Texts: values are inserted literally, even if they contain placeholders or markup."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.flows.templates import paragraphs, placeholders, render


@given(st.text(), st.text())
def test_a_value_is_inserted_literally(name, price):
    assert render("%(name)s: 100%% of %(price)s", {"name": name, "price": price}) == f"{name}: 100% of {price}"


@pytest.mark.parametrize("value", ["%(price)s", "%s %d %%", "{price}", "<script>", "\\1 \\g<0>", "${x}", "%(name)"])
def test_placeholders_in_a_value_are_not_replaced(value):
    assert render("%(name)s!", {"name": value, "price": "7"}) == f"{value}!"


def test_placeholders():
    assert placeholders("%(a)s %(b_c)s %(a)s 100%% %s (d)s %%(e)s") == {"a", "b_c"}


def test_an_additional_paragraph_needs_all_its_values():
    texts = ("Hello %(name)s.", "%(a)s and %(b)s", "The end.")
    assert paragraphs(texts, {"name": "Asha", "a": "1"}) == "Hello Asha.\n\nThe end."
    assert paragraphs(texts, {"name": "Asha", "a": "1", "b": "2"}) == "Hello Asha.\n\n1 and 2\n\nThe end."
    with pytest.raises(KeyError):
        paragraphs(texts, {"a": "1"})
