"""Limits of what a message may hold."""

LONGEST_MESSAGE = 5000


LONGEST_URL = 2000


MOST_ATTACHMENTS = 10
