"""The metrics of this process, served at `/metrics` where that is switched on."""

import time
from collections.abc import Iterable

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector


class LoopCounter(Collector):
    """A counter without a lock, for what happens to each message: only the event loop adds to it."""

    def __init__(self, name: str, documentation: str) -> None:
        self._name, self._documentation, self._since = name, documentation, time.time()
        self.count = 0
        REGISTRY.register(self)

    def collect(self) -> Iterable[CounterMetricFamily]:
        family = CounterMetricFamily(self._name, self._documentation)
        family.add_metric([], self.count, created=self._since)
        return [family]


tasks = Gauge("stoory_tasks", "Tasks of the event loop")
sockets = Gauge("stoory_sockets", "Connected sockets")
rooms = Gauge("stoory_rooms", "Rooms with a member in this process")
events_delivered = LoopCounter("stoory_events_delivered_total", "Events sent to sockets")
gaps_filled = Counter("stoory_gaps_filled_total", "Events that were read from the log because their hint did not come")
hints_lost = Counter("stoory_hints_lost_total", "Hints that could not be sent over the bus")
delivery_lag = Histogram(
    "stoory_delivery_lag_seconds", "From each commit to its delivery, by the clocks of both processes"
)
slow_readers = Counter("stoory_slow_readers_closed_total", "Sockets closed because they did not read")
