"""Errors of the present state (409) carry the conversation as it is now."""

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.models import User
from conversations.flows.errors import WrongState
from foundation.errors import DomainError
from messaging.conversation_selectors import conversation_for


def describe_conflict(error: DomainError, user: User, conversation_id: object) -> None:
    """Add the conversation as it is now, and what the user may do in it, to an error with status 409."""
    if error.status == WrongState.status and conversation_id is not None:
        shown = conversation_for(user=user, conversation_id=conversation_id)
        error.extra |= {"conversation": shown, "available_actions": shown.available_actions}


@contextmanager
def describing_conflicts(user: User, conversation_id: object) -> Iterator[None]:
    """`describe_conflict` for what is refused inside. Enter it before the transaction, which has ended by then."""
    try:
        yield
    except DomainError as error:
        describe_conflict(error, user, conversation_id)
        raise
