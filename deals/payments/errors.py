"""Errors of payments."""

from foundation.errors import DomainError, Unavailable


class PaymentUnavailable(Unavailable):
    code = "payment_unavailable"
    default_message = "The payment provider does not respond. Please try again."


class NotPayable(DomainError):
    code, status = "not_payable", 409
    default_message = "The agreed price cannot be charged. An operator can help."
