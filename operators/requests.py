"""Request schemas of operators."""

from foundation.schemas import RequestSchema
from messaging.requests import NonNegativeInteger


class InterventionRequest(RequestSchema):
    """The reason of an intervention, and the `state_version` of the conversation that the operator saw."""

    reason: str | None = None
    state_version: NonNegativeInteger | None = None
