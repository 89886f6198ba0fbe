"""The search index of conversations, as texts. Python folds titles, names and search terms alike, so the database needs
no rules for case, Unicode or languages; see `accounts.names`."""

from collections.abc import Iterable

from accounts.names import LONGEST_KEY, search_text, words_of

_SOURCE = "="
"""Begins the key of a `source_id`; no word has this character."""


def text_of(title: str, name: str) -> bytes:
    """Return what a user finds a conversation by. A search term cannot match across the two parts, because it has no
    line breaks. Texts that are extremely long after folding lose their end."""
    return "\n".join(search_text(part) for part in (title, name)).encode()[:LONGEST_KEY]


def keys_of(title: str, names: Iterable[str], source_id: str | None) -> set[bytes]:
    """Return the keys that operators find a conversation by. `names` are those of the participants."""
    keys = {word.encode()[:LONGEST_KEY] for text in (title, *names) for word in words_of(text)}
    return keys | {source_key(source_id)} if source_id else keys


def source_key(source_id: str) -> bytes:
    return f"{_SOURCE}{search_text(source_id)}".encode()[:LONGEST_KEY]
