"""A stand-in for Stripe's server, over HTTP on this machine.

It has the endpoints that the payment provider calls, with objects of the API version of the installed library, and
signs events.
"""

from tests.harness.stripe.faults import Away, Dripping, Fault, Garbage, LostAnswer, Slow, Status
from tests.harness.stripe.server import KEY, PUBLISHABLE_KEY, SECRET, ReceivedRequest, StripeServer

__all__ = [
    "KEY",
    "PUBLISHABLE_KEY",
    "SECRET",
    "Away",
    "Dripping",
    "Fault",
    "Garbage",
    "LostAnswer",
    "ReceivedRequest",
    "Slow",
    "Status",
    "StripeServer",
]
