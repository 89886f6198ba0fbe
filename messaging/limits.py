"""Limits of a message: text and URL in characters, attachments by number."""

MAX_MESSAGE_LENGTH = 5000
MAX_URL_LENGTH = 2000
MAX_ATTACHMENTS = 10
MAX_ALT_LENGTH = 500
MAX_EXCERPT_LENGTH = 200
"""The length of the excerpt of a message that a notification shows."""
