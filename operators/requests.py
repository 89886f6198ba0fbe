"""What operators send."""

from foundation.schemas import RequestSchema
from messaging.requests import NonNegativeInteger


class InterventionRequest(RequestSchema):
    """Why an operator intervenes, and the version of the conversation that the operator has seen."""

    reason: str | None = None
    state_version: NonNegativeInteger | None = None
