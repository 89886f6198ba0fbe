"""Errors of receipts."""

from foundation.errors import NotFound, Unavailable


class NothingPaid(NotFound):
    default_message = "Nothing has been paid in this conversation, so there is no receipt."


class ReceiptsBusy(Unavailable):
    default_message = "Too many receipts are being created right now. Please try again."
