"""Which names users can take, besides the rules for all names and titles in `foundation.labels`."""

from accounts.reserved_names import is_reserved
from foundation.errors import Invalid
from foundation.scripts import suspicious_word


def name_error(name: str) -> str | None:
    """Return a message that says why nobody can take this name, or None."""
    if is_reserved(name):
        return "This name is reserved."
    if word := suspicious_word(name):
        return f"“{word}” mixes letters of different scripts, or has letters that look like others."
    return None


def require_allowed_name(name: str) -> None:
    """Raise `Invalid` if nobody can take this name."""
    if message := name_error(name):
        raise Invalid(errors={"name": [message]})
