"""The metrics of this process, served at `/metrics` if that is switched on."""

from prometheus_client import Counter, Gauge, Histogram

tasks = Gauge("stoory_tasks", "Tasks of the event loop")
sockets = Gauge("stoory_sockets", "Connected sockets")
rooms = Gauge("stoory_rooms", "Rooms with a member in this process")
events_delivered = Counter("stoory_events_delivered_total", "Events sent to sockets")
gaps_filled = Counter("stoory_gaps_filled_total", "Events read from the log because their hints did not arrive")
hints_lost = Counter("stoory_hints_lost_total", "Hints that could not be sent over the bus")
delivery_lag = Histogram(
    "stoory_delivery_lag_seconds", "Time from each commit to its delivery, by the clocks of both processes"
)
slow_readers = Counter("stoory_slow_readers_closed_total", "Sockets closed because they did not read")
