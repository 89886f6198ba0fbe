"""Errors of messages."""

from foundation.errors import DomainError


class IdempotencyMismatch(DomainError):
    code, status = "idempotency_mismatch", 422
    default_message = "This client_message_id was used for another message."
