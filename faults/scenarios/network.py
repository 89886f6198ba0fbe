"""Ways between the parts that stand still, break, or are bad."""

import asyncio

from faults.scenario import Play, scenario


@scenario("lost-database", "one worker's way to PostgreSQL cut, then standing still")
async def lost_database(play: Play) -> None:
    seat = play.stage.seats[0]
    async with play.traffic_flowing() as traffic:
        await traffic.after(0.2)
        play.fault(f"{seat.worker.name} is cut from the database")
        seat.to_postgres.down()
        red = await seat.worker.until_unready(20)
        await asyncio.sleep(2 if play.quick else 10)
        seat.to_postgres.heal()
        play.figure("cut: readiness red after", round(red, 1) if red is not None else float("nan"), "s", most=14)
        play.figure("cut: green again after", round(await seat.worker.until_ready(30), 1), "s", most=5)
        await traffic.after(0.6)
        play.fault(f"{seat.worker.name} waits for the database in vain")
        with seat.to_postgres.suffering(timeout=True):
            await asyncio.sleep(5 if play.quick else 30)
        play.figure("standing: green again after", round(await seat.worker.until_ready(60), 1), "s", most=5)


@scenario("lost-clients", "clients cut off, standing still, and half open")
async def lost_clients(play: Play) -> None:
    seconds = 3 if play.quick else 30
    async with play.traffic_flowing() as traffic:
        for number, (what, directions) in enumerate(
            (("down", ()), ("timeout", ()), ("timeout", ("up",)), ("timeout", ("down",)))
        ):
            await traffic.after((number + 1) / 6)
            door = play.rng.choice(play.stage.seats).door
            play.fault(f"a door suffers {what} {directions}")
            if what == "down":
                door.down()
            else:
                door.add(*directions, timeout=True)
            await asyncio.sleep(seconds)
            door.heal()


@scenario("bad-network", "slow, jittering and sliced connections everywhere, some reset")
async def bad_network(play: Play) -> None:
    async with play.traffic_flowing(share=0.3) as traffic:
        for seat in play.stage.seats:
            seat.door.add(latency=0.05, jitter=0.05, slicer=500)
            seat.to_redis.add(latency=0.02, jitter=0.02, slicer=1000)
            seat.to_postgres.add(latency=0.001)
        seats = play.stage.seats
        while traffic.acked < traffic.messages * 0.8:
            await play.pause(0.5, 2.0)
            play.rng.choice(seats).door.reset_peer(0.2, play.rng)
        play.stage.heal()
