"""What clients send about accounts."""

import unicodedata
from typing import Annotated, Literal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from accounts.models import UserManager
from foundation.schemas import RequestSchema, Text

LONGEST_NAME = 100
LONGEST_EMAIL = 254
LONGEST_PASSWORD = 256
LONGEST_TOKEN = 4096


def _one_line(value: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in value):
        raise PydanticCustomError("one_line", "A name has one line.")
    return value


def _normalised(value: object) -> object:
    return UserManager.normalize_email(value) if isinstance(value, str) else value


def _is_address(value: str) -> str:
    try:
        validate_email(value)
    except ValidationError:
        raise PydanticCustomError("email", "This is not an e-mail address.") from None
    return value


Name = Annotated[str, Text(LONGEST_NAME), AfterValidator(_one_line)]
EmailAddress = Annotated[
    str,
    Field(strict=True, max_length=LONGEST_EMAIL, json_schema_extra={"format": "email"}),
    BeforeValidator(_normalised),
    AfterValidator(_is_address),
]
Password = Annotated[str, Field(strict=True, min_length=1, max_length=LONGEST_PASSWORD)]
EncodedToken = Annotated[str, Field(strict=True, min_length=1, max_length=LONGEST_TOKEN)]


class RegistrationRequest(RequestSchema):
    """A new account. The password has at least 8 characters and is not a common one, nor like the address."""

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
    """`everywhere` ends all login sessions of the user, not only that of the token."""

    refresh: EncodedToken
    everywhere: Annotated[bool, Field(strict=True)] = False


class ChangePasswordRequest(RequestSchema):
    current_password: Password
    new_password: Password


class UpdateAccountRequest(RequestSchema):
    """`findable`: whether others can find this account."""

    findable: Annotated[bool, Field(strict=True)] | None = None
