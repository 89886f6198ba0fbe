"""Rate limits of sockets: beyond them a command is answered with `rate_limited`, and a connection refused."""

from django.conf import settings

from foundation.rate_limits import Bucket

EVENTS = (settings.SOCKET_EVENTS_PER_MINUTE, settings.SOCKET_EVENTS_PER_MINUTE / 60)
"""Of one connection: capacity, and refill rate a second."""

STRIKES = 3
"""Seconds in which something was refused, within a minute, after which the transport is closed."""

CONNECTS_OF_ADDRESS = Bucket(
    "connects_of_address",
    settings.CONNECTS_PER_MINUTE_OF_ADDRESS,
    settings.CONNECTS_PER_MINUTE_OF_ADDRESS / 60,
)
CONNECTS_OF_USER = Bucket(
    "connects_of_user", settings.CONNECTS_PER_MINUTE_OF_USER, settings.CONNECTS_PER_MINUTE_OF_USER / 60
)
