"""What is counted for each message is served as any other counter is."""

from prometheus_client import REGISTRY, Counter, generate_latest

from realtime.metrics import LoopCounter


def test_a_tally_is_served_as_a_counter_is():
    tally, counter = LoopCounter("one_total", "Some things"), Counter("two_total", "Some things")
    tally.count += 3
    counter.inc(3)
    try:
        lines = generate_latest(REGISTRY).decode().splitlines()
    finally:
        REGISTRY.unregister(tally)
        REGISTRY.unregister(counter)
    served = [line for line in lines if "one_" in line and "created" not in line]
    assert served == [line.replace("two_", "one_") for line in lines if "two_" in line and "created" not in line]
    assert "one_total 3.0" in served
    assert any(line.startswith("one_created ") for line in lines)
