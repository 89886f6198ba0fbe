"""Rate limits of sockets. Over the limit, commands receive the error `rate_limited`, and connections are refused."""

from django.conf import settings

from foundation.rate_limits import Bucket

EVENTS = (settings.SOCKET_EVENTS_PER_MINUTE, settings.SOCKET_EVENTS_PER_MINUTE / 60)
"""The bucket of one connection: its capacity, and its refill rate per second."""

STRIKES = 3
"""Number of strikes after which the transport is closed. A strike is a second with a refused command; it is forgotten a
minute after the last strike."""

CONNECTS_OF_ADDRESS = Bucket(
    "connects_of_address",
    settings.CONNECTS_PER_MINUTE_OF_ADDRESS,
    settings.CONNECTS_PER_MINUTE_OF_ADDRESS / 60,
)
CONNECTS_OF_USER = Bucket(
    "connects_of_user", settings.CONNECTS_PER_MINUTE_OF_USER, settings.CONNECTS_PER_MINUTE_OF_USER / 60
)
