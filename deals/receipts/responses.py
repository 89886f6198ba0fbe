"""The response with a receipt, without the member `success`."""

from deals.receipts.payloads import ReceiptPayload
from foundation.schemas import Schema


class ReceiptResponse(Schema):
    receipt: ReceiptPayload
