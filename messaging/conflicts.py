"""Conflicts: errors with status 409 that contain the current conversation. Endpoints add the conversation after the
transaction has ended."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from accounts.models import User
from conversations.flows.errors import WrongState
from foundation.errors import DomainError
from messaging.conversation_selectors import conversation_for

R = TypeVar("R")


def describe_conflict(error: DomainError, user: User, conversation_id: object) -> bool:
    """Add the current conversation and the user's available actions to an error with status 409.

    Returns whether the conversation was added. Raises `NotFound` if the user cannot see the conversation.
    """
    if error.status != WrongState.status or conversation_id is None:
        return False
    shown = conversation_for(user=user, conversation_id=conversation_id)
    error.extra |= {"conversation": shown, "available_actions": shown.available_actions}
    return True


@contextmanager
def describing_conflicts(user: User, conversation_id: object) -> Iterator[None]:
    """Call `describe_conflict` for an error that the block raises, and raise the error again."""
    try:
        yield
    except DomainError as error:
        describe_conflict(error, user, conversation_id)
        raise


def describe_conflicts(results: Sequence[R], requests: Sequence[tuple[User, object]]) -> None:
    """Call `describe_conflict` for the errors in the results of a batch. `requests` has a user and a conversation id
    for each result."""
    for result, (user, conversation_id) in zip(results, requests, strict=True):
        if isinstance(result, DomainError):
            describe_conflict(result, user, conversation_id)
