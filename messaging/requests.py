"""Request schemas of messages and conversations, for REST and Socket.IO."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from accounts.requests import SearchTerm
from conversations.fixed_values import NamesOfTypes
from conversations.flows import conversation_types
from foundation.query_params import Flag, PageQuery, WholeNumber
from foundation.schemas import CamelCaseRequest, RequestSchema, Text
from foundation.text import BLANK_MESSAGE
from messaging.limits import MAX_ALT_LENGTH, MAX_ATTACHMENTS, MAX_MESSAGE_LENGTH, MAX_URL_LENGTH


def _web_address(value: str) -> str:
    fault = PydanticCustomError("url", "This must be an http or https URL.")
    if any(ord(character) <= 32 or ord(character) == 127 for character in value):
        raise fault
    try:
        parts = urlsplit(value)
        hostname = parts.hostname
    except ValueError:
        raise fault from None
    if parts.scheme.lower() not in {"http", "https"} or not hostname or parts.username is not None:
        raise fault
    return value


def _message_position(value: Any) -> str | int:
    if isinstance(value, str) or (type(value) is int and 0 <= value < 2**63):
        return value
    raise PydanticCustomError("message_position", "This must be the id of a message or a seq.")


def _known_type(value: str) -> str:
    if value not in conversation_types():
        raise PydanticCustomError("conversation_type", "One of {names}.", {"names": ", ".join(conversation_types())})
    return value


def _me(value: str) -> str:
    if value != "me":
        raise PydanticCustomError("me", "The only valid value is `me`.")
    return value


MediaUrl = Annotated[
    str,
    Field(strict=True, max_length=MAX_URL_LENGTH, json_schema_extra={"format": "uri"}),
    AfterValidator(_web_address),
]
ClientMessageId = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9_-]{1,64}$")]
NonNegativeInteger = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]
MessagePosition = Annotated[
    str | int, PlainValidator(_message_position, json_schema_input_type=str | NonNegativeInteger)
]
Me = Annotated[Literal["me"], BeforeValidator(_me), WithJsonSchema({"type": "string", "enum": ["me"]})]
StrictStr = Annotated[str, Field(strict=True)]
ConversationType = Annotated[StrictStr, AfterValidator(_known_type), NamesOfTypes()]
Identifier = Annotated[StrictStr, Field(json_schema_extra={"format": "uuid"})]
"""An id as the client wrote it. Services treat a malformed id as unknown."""


def _without_required_text(schema: dict[str, Any]) -> None:
    schema["required"] = [name for name in schema.get("required", ()) if name != "message"]
    if not schema["required"]:
        del schema["required"]


class ConversationMessageRequest(RequestSchema):
    """A message to the conversation in the path. `attachments` are ids of uploads; each upload can be sent once.

    `message` is required, but for a message with attachments: there it may be absent, null or blank, which is stored
    as the empty text. `media_url` alone does not replace a text.
    """

    model_config = ConfigDict(json_schema_extra=_without_required_text)

    attachments: list[Identifier] = Field(
        default_factory=list, max_length=MAX_ATTACHMENTS, json_schema_extra={"default": []}
    )
    message: Annotated[str, Text(MAX_MESSAGE_LENGTH, may_be_blank=True)]
    media_url: MediaUrl | None = None
    client_message_id: ClientMessageId | None = None
    receiver_id: Identifier | None = None

    @model_validator(mode="before")
    @classmethod
    def _complete_absent_text(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("attachments") and data.get("message") is None:
            return data | {"message": ""}
        return data

    @field_validator("message")
    @classmethod
    def _text_or_attachments(cls, value: str, info: ValidationInfo) -> str:
        if not value and not info.data.get("attachments"):
            raise PydanticCustomError("text", BLANK_MESSAGE)
        return value


class SendMessageRequest(ConversationMessageRequest):
    """A message to a conversation, or to a user. A message to a user opens the direct conversation if necessary."""

    conversation_id: Identifier | None = None

    @model_validator(mode="after")
    def _has_target(self) -> "SendMessageRequest":
        if self.conversation_id is None and self.receiver_id is None:
            raise PydanticCustomError("target", "conversation_id or receiver_id is required.")
        return self


class EditMessageRequest(RequestSchema):
    """The text of a message with attachments may be blank."""

    message: Annotated[str, Text(MAX_MESSAGE_LENGTH, may_be_blank=True)]


class DescribeUploadRequest(RequestSchema):
    """`alt` describes a file to people who cannot see or hear it; it can be empty."""

    alt: Annotated[str, Text(MAX_ALT_LENGTH, may_be_blank=True)]


class MarkReadRequest(RequestSchema):
    """`up_to` is a message's id or a `seq`."""

    up_to: MessagePosition


class ConversationMarkReadRequest(MarkReadRequest):
    conversation_id: Identifier


class ConversationRequest(CamelCaseRequest):
    conversation_id: Identifier


class JoinConversationRequest(ConversationRequest):
    after: NonNegativeInteger | None = None


class UserRoomRequest(CamelCaseRequest):
    user_id: Identifier


class JoinUserRoomRequest(UserRoomRequest):
    after: NonNegativeInteger | None = None


class ConversationListQuery(PageQuery):
    type: ConversationType | None = Field(None, description="Only conversations of this type")
    awaiting: Me | None = Field(None, description="`me`: only conversations that await the current user")
    unread: Flag | None = Field(None, description="`true`: only with unread messages; `false`: only without")
    search: SearchTerm | None = Field(None, description="Any part of the title or of the other user's name")


class HistoryQuery(PageQuery):
    """`before` and `after` exclude their `seq`; `around` is in the middle of the page."""

    before: WholeNumber | None = Field(None, description="Messages before this `seq`")
    after: WholeNumber | None = Field(None, description="Messages after this `seq`")
    around: WholeNumber | None = Field(None, description="Messages before and after this `seq`, and the message itself")
