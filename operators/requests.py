"""Request schemas of operators."""

from typing import Annotated, Any

from pydantic import WithJsonSchema

from foundation.schemas import RequestSchema
from messaging.requests import NonNegativeInteger


class InterventionRequest(RequestSchema):
    """The reason of an intervention, and the `state_version` of the conversation that the operator saw.

    `money` says what happens to the payment of a conversation that is closed: `refund` or `keep`. It is required if
    something of a payment remains, and ignored otherwise.
    """

    reason: str | None = None
    money: Annotated[Any, WithJsonSchema({"type": ["string", "null"], "enum": ["refund", "keep", None]})] = None
    state_version: NonNegativeInteger | None = None
