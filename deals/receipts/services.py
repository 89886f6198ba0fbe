"""Reading receipts, and creating their PDFs."""

from threading import BoundedSemaphore

from accounts.models import User
from conversations.view_records import record_view
from conversations.visibility import visible_conversation
from deals.receipts.document import receipt_document
from deals.receipts.errors import ReceiptsBusy
from deals.receipts.selectors import Receipt, load_receipt

DOCUMENTS_AT_ONCE = 2
"""The most PDFs that one process creates at the same time. Each takes a fraction of a second of the processor."""

PATIENCE = 3.0
"""Seconds to wait until another PDF is finished."""

_documents = BoundedSemaphore(DOCUMENTS_AT_ONCE)


def read_receipt(*, user: User, conversation_id: object) -> Receipt:
    """Return the receipt of a conversation that the user may read.

    Raises `ConversationNotFound`, and `NothingPaid` if no payment was reported.
    """
    conversation = visible_conversation(user=user, conversation_id=conversation_id)
    receipt = load_receipt(conversation)
    record_view(conversation=conversation, viewer=user, through="rest")
    return receipt


def render_receipt(receipt: Receipt) -> bytes:
    """Return the receipt as a PDF. Raises `ReceiptsBusy` if too many are being created."""
    if not _documents.acquire(timeout=PATIENCE):
        raise ReceiptsBusy(retry_after=PATIENCE)
    try:
        return receipt_document(receipt)
    finally:
        _documents.release()
