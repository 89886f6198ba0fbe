"""Errors of the present state (409) carry the conversation as it is now. Endpoints add it, when the transaction has
ended."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from accounts.models import User
from conversations.flows.errors import WrongState
from foundation.errors import DomainError
from messaging.conversation_selectors import conversation_for

R = TypeVar("R")


def describe_conflict(error: DomainError, user: User, conversation_id: object) -> bool:
    """Add the conversation as it is now, and what the user may do in it, to an error with status 409. Returns whether
    the error shows it."""
    if error.status != WrongState.status or conversation_id is None:
        return False
    shown = conversation_for(user=user, conversation_id=conversation_id)
    error.extra |= {"conversation": shown, "available_actions": shown.available_actions}
    return True


@contextmanager
def describing_conflicts(user: User, conversation_id: object) -> Iterator[None]:
    """`describe_conflict` for what is refused inside."""
    try:
        yield
    except DomainError as error:
        describe_conflict(error, user, conversation_id)
        raise


def describe_conflicts(results: Sequence[R], requests: Sequence[tuple[User, object]]) -> None:
    """`describe_conflict` for the errors among the results of a batch, each of a user's request in a conversation."""
    for result, (user, conversation_id) in zip(results, requests, strict=True):
        if isinstance(result, DomainError):
            describe_conflict(result, user, conversation_id)
