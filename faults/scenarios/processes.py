"""Server processes that are killed, told to go, or find themselves at another time."""

from faults.scenario import Play, scenario


@scenario("killed-worker", "SIGKILL to a worker in the middle of traffic, again and again")
async def killed_worker(play: Play) -> None:
    kills = 3 if play.quick else 20
    async with play.traffic_flowing() as traffic:
        for number in range(kills):
            await traffic.after((number + 1) / (kills + 1))
            worker = play.rng.choice(play.stage.workers)
            play.fault(f"kill {worker.name}")
            await worker.kill()
            await play.pause(0.2, 2.0)
            await worker.start()
