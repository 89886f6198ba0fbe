"""Errors of payments."""

from foundation.errors import Unavailable


class PaymentUnavailable(Unavailable):
    code = "payment_unavailable"
    default_message = "The payment provider does not respond. Please try again."
