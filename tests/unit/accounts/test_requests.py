"""Valid and invalid registration data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.requests import LogoutRequest, RegistrationRequest
from foundation.errors import Invalid

GOOD = {"email": "ann@example.com", "password": "correct-Horse-7", "name": "Ann", "role": "influencer"}


def faults(**changed) -> dict:
    with pytest.raises(Invalid) as refused:
        RegistrationRequest.parse(GOOD | changed)
    return refused.value.errors


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Ann@Example.COM ", "ann@example.com"),
        ("ＡＮＮ@example.com", "ann@example.com"),  # noqa: RUF001
        ("a.b+c@münchen.de", "a.b+c@münchen.de"),
    ],
)
def test_an_address_has_one_spelling(written, kept):
    assert RegistrationRequest.parse(GOOD | {"email": written}).email == kept


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "a b@example.com",
        "a\n@example.com",
        "a@example.com\x00",
        f"{'a' * 250}@b.co",
        7,
    ],
)
def test_an_invalid_address_is_rejected(email):
    assert list(faults(email=email)) == ["email"]


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "Ann\nBob", "Ann\x07", "Ann\u2028Bob", "x" * 101, "a\x00", None, ["Ann"]]
)
def test_a_name_is_one_visible_line(name):
    assert list(faults(name=name)) == ["name"]


def test_a_name_can_be_in_any_script():
    assert RegistrationRequest.parse(GOOD | {"name": " आन्या राव 🍳 "}).name == "आन्या राव 🍳"


@pytest.mark.parametrize(
    "role", ["staff", "system", "admin", "superuser", "operator", "", "Influencer", None, 1, ["influencer"]]
)
def test_other_roles_are_rejected(role):
    assert list(faults(role=role)) == ["role"]


def test_a_password_is_not_changed():
    assert RegistrationRequest.parse(GOOD | {"password": "  spaces are mine  "}).password == "  spaces are mine  "
    assert list(faults(password="x" * 257)) == ["password"]
    assert list(faults(password=12345678)) == ["password"]


def test_fields_that_nobody_can_set_are_dropped():
    given = RegistrationRequest.parse(GOOD | {"is_staff": True, "isSuperuser": True, "id": "0", "is_blocked": False})
    assert given.model_dump() == GOOD


@pytest.mark.parametrize("everywhere", ["true", 1, 0, []])
def test_everywhere_is_true_or_false(everywhere):
    with pytest.raises(Invalid):
        LogoutRequest.parse({"refresh": "x", "everywhere": everywhere})


@given(st.dictionaries(st.sampled_from([*GOOD, "other"]), st.none() | st.integers() | st.text() | st.lists(st.text())))
def test_any_other_input_raises_domain_errors_only(data):
    with pytest.raises(Invalid):
        RegistrationRequest.parse(data | {"role": "staff"})
