"""Runs without faults, which measure how fast messages are stored and delivered."""

import time

from faults.checker.performance import ACKNOWLEDGED
from faults.cluster.bulk_send import bulk_send
from faults.scenario import Run, scenario

PER_SECOND = 200


@scenario("baseline", "no faults, for comparison")
async def baseline(run: Run) -> None:
    async with run.workload_running():
        with run.measuring("delivered, no faults", maximum=100):
            await run.workload.after(1.0)


@scenario("two-hundred-a-second", "no faults; 200 messages a second over sockets, one observer for each user")
async def two_hundred_a_second(run: Run) -> None:
    begin = time.monotonic()
    async with run.workload_running(
        rate=PER_SECOND, observers_each=1, official_share=0.0, socket_share=1.0
    ) as workload:
        await workload.after(0.05)
        begin, before = time.monotonic(), workload.acknowledged
        await workload.after(1.0)
        rate = (workload.acknowledged - before) / (time.monotonic() - begin)
    run.report("messages a second", round(rate), "", minimum=0.95 * PER_SECOND)
    run.thresholds[ACKNOWLEDGED] = 50


@scenario("hot-conversation", "no faults; eight threads write to one conversation")
async def hot_conversation(run: Run) -> None:
    conversation = run.people.conversations[0]
    sender = run.people.pairs[conversation][0]
    written = await bulk_send(
        run.cluster.workers[0], conversation, sender.id, threads=8, batches=10 if run.quick else 60
    )
    run.report("eight threads: messages refused", written.refused, "", maximum=0)
    run.report("eight threads: messages stored", round(written.per_second), "messages/s", minimum=1000)
