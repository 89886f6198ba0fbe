"""Errors of actions and texts that a flow does not accept."""

from foundation.errors import DomainError


class UnknownAction(DomainError):
    code, status = "unknown_action", 400
    default_message = "There is no such action."


class WrongRole(DomainError):
    code, status = "wrong_role", 403
    default_message = "It is the other side's turn."


class WrongState(DomainError):
    code, status = "wrong_state", 409
    default_message = "This cannot be done in the current state."


class StaleAction(DomainError):
    code, status = "stale_action", 409
    default_message = "The conversation has moved on."


class ConversationClosed(DomainError):
    code, status = "conversation_closed", 409
    default_message = "The conversation is closed."


class TextNotAccepted(DomainError):
    code, status = "text_not_accepted", 409
    default_message = "Text cannot be written in the current state."
