"""Errors of messages."""

from foundation.errors import DomainError


class IdempotencyMismatch(DomainError):
    code, status = "idempotency_mismatch", 422
    default_message = "This client_message_id was used for another message."


class QuotaExceeded(DomainError):
    """The files of the user would take more than `UPLOAD_QUOTA_GB`."""

    code, status = "quota_exceeded", 413
    default_message = "Your files take all the space that you have. Delete messages with files that you no longer need."


class WrongOffset(DomainError):
    code, status = "wrong_offset", 409
    default_message = "The upload does not continue at this position."


class UploadLocked(DomainError):
    code, status = "upload_locked", 423
    default_message = "Another request is writing to this upload."


class UnsupportedTusVersion(DomainError):
    code, status = "unsupported_tus_version", 412
    default_message = "The header Tus-Resumable: 1.0.0 is needed."
