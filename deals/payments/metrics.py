"""The metrics of calls to payment providers."""

from concurrent.futures import Future
from time import monotonic
from typing import Any

from prometheus_client import Histogram

from deals.payments.provider import ProviderRefused

call_seconds = Histogram(
    "stoory_provider_call_seconds",
    "Durations of calls to payment providers, with the wait for a thread",
    ["outcome"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60),
)
"""`outcome` is answered, refused or failed."""


def observe(call: Future[Any], began: float) -> None:
    """Observe a call that has ended. `began` is its start on the monotonic clock."""
    error = call.exception()
    outcome = "answered" if error is None else "refused" if isinstance(error, ProviderRefused) else "failed"
    call_seconds.labels(outcome).observe(monotonic() - began)
