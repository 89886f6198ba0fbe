"""Nothing fails: how quickly messages are stored and told."""

import time

from faults.measures import ACKNOWLEDGED
from faults.scenario import Play, scenario
from faults.writers import write

PER_SECOND = 200


@scenario("steady", "nothing at all: what the others are compared with")
async def steady(play: Play) -> None:
    async with play.traffic_flowing():
        with play.measured("delivered, every worker and the bus up", most=100):
            await play.traffic.after(1.0)


@scenario("two-hundred-a-second", "two hundred messages a second over sockets, one client for each person")
async def two_hundred_a_second(play: Play) -> None:
    begin = time.monotonic()
    async with play.traffic_flowing(rate=PER_SECOND, copies=1, stock_share=0.0, socket_share=1.0) as traffic:
        await traffic.after(0.05)
        begin, acked = time.monotonic(), traffic.acked
        await traffic.after(1.0)
        rate = (traffic.acked - acked) / (time.monotonic() - begin)
    play.figure("messages a second", round(rate), "", least=0.95 * PER_SECOND)
    play.bars[ACKNOWLEDGED] = 50


@scenario("hot-conversation", "eight threads that write to one conversation, and nothing else")
async def hot_conversation(play: Play) -> None:
    conversation = play.people.conversations[0]
    sender = play.people.pairs[conversation][0]
    written = await write(play.stage.workers[0], conversation, sender.id, threads=8, batches=10 if play.quick else 60)
    play.figure("writes refused", written.refused, "", most=0)
    play.figure("eight threads write", round(written.per_second), "messages/s", least=1000)
