"""The types of members whose values are fixed, for payloads and requests. The documents list the values."""

from typing import Annotated, Any, Literal

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from conversations.flows import conversation_types

ChatStatusName = Literal["automated", "real_time", "closed"]
AwaitedRole = Literal["influencer", "brand_owner"]
RoleName = Literal["influencer", "brand_owner", "participant", "operator"]


class NamesOfTypes:
    """Describes a string as the name of a type of conversation. The flows are not known when a schema is declared."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema) | {"enum": list(conversation_types())}


ConversationTypeName = Annotated[str, NamesOfTypes()]
