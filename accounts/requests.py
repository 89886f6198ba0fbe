"""Request schemas of the account endpoints."""

from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from accounts.models import UserManager
from foundation.query_params import PageQuery, QueryText
from foundation.schemas import Label, RequestSchema
from foundation.text import trimmed

LONGEST_NAME = 100
LONGEST_EMAIL = 254
LONGEST_PASSWORD = 256
LONGEST_TOKEN = 4096
SHORTEST_SEARCH, LONGEST_SEARCH = 1, 100
"""The length limits of a search term, in code points."""


def _normalised(value: object) -> object:
    return UserManager.normalize_email(value) if isinstance(value, str) else value


def _is_address(value: str) -> str:
    try:
        validate_email(value)
    except ValidationError:
        raise PydanticCustomError("email", "This is not an e-mail address.") from None
    return value


def _search_term(value: str) -> str:
    term = trimmed(value)
    if not SHORTEST_SEARCH <= len(term) <= LONGEST_SEARCH:
        lengths = {"shortest": SHORTEST_SEARCH, "longest": LONGEST_SEARCH}
        raise PydanticCustomError("search_term", "A search term has {shortest} to {longest} characters.", lengths)
    return term


Name = Annotated[str, Label(LONGEST_NAME)]
EmailAddress = Annotated[
    str,
    Field(strict=True, max_length=LONGEST_EMAIL, json_schema_extra={"format": "email"}),
    BeforeValidator(_normalised),
    AfterValidator(_is_address),
]
Password = Annotated[str, Field(strict=True, min_length=1, max_length=LONGEST_PASSWORD)]
EncodedToken = Annotated[str, Field(strict=True, min_length=1, max_length=LONGEST_TOKEN)]


class RegistrationRequest(RequestSchema):
    """A new account. The password must have at least 8 characters, and must not be common or similar to the address."""

    email: EmailAddress
    password: Password
    name: Name
    role: Literal["influencer", "brand_owner"]


class LoginRequest(RequestSchema):
    email: Annotated[str, Field(strict=True, min_length=1, max_length=LONGEST_EMAIL)]
    password: Password


class TokenRefreshRequest(RequestSchema):
    refresh: EncodedToken


class LogoutRequest(RequestSchema):
    """`everywhere` ends all login sessions of the user, not only the session of this token."""

    refresh: EncodedToken
    everywhere: Annotated[bool, Field(strict=True)] = False


class ChangePasswordRequest(RequestSchema):
    current_password: Password
    new_password: Password


class UpdateAccountRequest(RequestSchema):
    """`findable` says whether other users can find this account."""

    name: Name | None = None
    findable: Annotated[bool, Field(strict=True)] | None = None


SearchTerm = Annotated[
    QueryText,
    AfterValidator(_search_term),
    WithJsonSchema({"type": "string", "minLength": SHORTEST_SEARCH, "maxLength": LONGEST_SEARCH}),
]


class PeopleQuery(PageQuery):
    q: SearchTerm = Field(description="Beginnings of words of the name, or a full e-mail address")

    @model_validator(mode="before")
    @classmethod
    def _missing_is_too_short(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {"q": "", **data}
