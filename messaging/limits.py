"""Limits of what a message may hold."""

MAX_MESSAGE_LENGTH = 5000
MAX_URL_LENGTH = 2000
MAX_ATTACHMENTS = 10
