"""Clients that mean harm."""

import asyncio
import contextlib
import time
import zlib

import orjson

from faults.probe import Probe
from faults.raw import BINARY, COMPRESSED, Raw
from faults.scenario import Play, scenario
from faults.workers import Worker

UNAUTHENTICATED = 12.0
"""Seconds after which a connection without a token has to be closed, with some to spare."""


@scenario("hostile-clients", "bodies and frames too large, bombs, fuzz, events before the token, foreign sessions")
async def hostile_clients(play: Play) -> None:
    worker = play.stage.workers[0]
    frames = 5_000 if play.quick else 100_000
    # What is made at the first use of anything is no growth.
    await _malformed(play, worker)
    before, most = (await worker.size()).rss, 0
    async with Probe(worker) as probe:
        for attack in (
            _endless_body, _large_frame, _bomb, _malformed, _many_attachments, _early_events, _foreign_session, _mute,
        ):  # fmt: skip
            await attack(play, worker)
            now = (await worker.size()).rss
            play.notes.append(f"after {attack.__name__.strip('_')}: {(now - before) / 2**20:+.1f} MiB")
            most = max(most, now)
    play.figure("memory they took", round((most - before) / 2**20, 1), "MiB", most=5)
    play.figure("the event loop answers meanwhile, slowest", round(max(probe.waits), 1), "ms", most=50)
    await _fuzz(play, worker, frames // 5)
    met = (await worker.size()).rss
    await _fuzz(play, worker, frames)
    after = (await worker.size()).rss
    play.figure("frames of fuzz", frames)
    play.figure(
        f"memory the fuzz took, after {frames // 5:,} to warm up", round((after - met) / 2**20, 1), "MiB", most=5
    )
    play.figure("memory after it all, first uses included", round((after - before) / 2**20, 1), "MiB")


async def _watched(play: Play, what: str, raw: Raw, timeout: float = 5.0) -> None:
    data, closed = await raw.received(timeout)
    raw.close()
    play.history.record("stranger", what=what, events=data.count(b'42["'), handled=data.count(b"430["), closed=closed)


async def _endless_body(play: Play, worker: Worker) -> None:
    """200 MiB in chunks to the polling transport, which is to stop reading early."""
    raw = await Raw.open(worker)
    raw.write(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    head = await raw.reader.readuntil(b"}")
    sid = head.partition(b'"sid":"')[2].partition(b'"')[0].decode()
    raw = await Raw.open(worker)
    query = f"EIO=4&transport=polling&sid={sid}"
    raw.write(f"POST /socket.io/?{query} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    chunk, sent = b"10000\r\n" + b"4" * 65_536 + b"\r\n", 0
    with contextlib.suppress(OSError, TimeoutError):
        while sent < (20 if play.quick else 200) * 2**20:
            raw.write(chunk)
            sent += 65_536
            await asyncio.wait_for(raw.writer.drain(), 5)
    play.figure("of an endless body was taken", round(sent / 2**20, 1), "MiB", most=16)
    await _watched(play, "endless body", raw)


async def _large_frame(play: Play, worker: Worker) -> None:
    raw = await Raw.upgrade(worker)
    raw.frame(b"4" * 16 * 2**20)
    await _watched(play, "frame of 16 MiB", raw)
    raw = await Raw.upgrade(worker)
    raw.frame(b"42", announced=2**62)
    await _watched(play, "frame that claims 2^62 bytes", raw)


async def _bomb(play: Play, worker: Worker) -> None:
    raw = await Raw.upgrade(worker)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(b"4" * 64 * 2**20) + packer.flush(zlib.Z_SYNC_FLUSH)
    raw.frame(bomb[:65_000], flags=0x80 | COMPRESSED)
    await _watched(play, "compressed bomb", raw)


async def _malformed(play: Play, worker: Worker) -> None:
    for packet in (
        b"42{}",
        b"4",
        b"9",
        b"42[",
        b'42["x"',
        b"40{",
        b"4" + b"[" * 30_000,
        b"42" + b"[" * 1000 + b"]" * 1000,
    ):
        raw = await Raw.upgrade(worker)
        raw.frame(packet)
        await _watched(play, f"packet {packet[:12]!r}", raw)


async def _many_attachments(play: Play, worker: Worker) -> None:
    raw = await Raw.upgrade(worker)
    raw.frame(b'451000000000-["x",{"_placeholder":true,"num":0}]')
    for _ in range(50):
        raw.frame(b"0" * 60_000, BINARY)
    await _watched(play, "a thousand million attachments", raw)


async def _early_events(play: Play, worker: Worker) -> None:
    """Events beside and before a CONNECT that is refused."""
    body = b'["join_conversation","' + play.people.conversations[0].encode() + b'"]'
    raw = await Raw.upgrade(worker)
    raw.frame(b"420" + body)
    await _watched(play, "events before CONNECT", raw)
    raw = await Raw.upgrade(worker)
    raw.frame(b'40{"token":"no"}')
    for number in range(20):
        raw.frame(b"42%d" % number + body)
    await _watched(play, "events beside a refused CONNECT", raw, UNAUTHENTICATED)


async def _foreign_session(play: Play, worker: Worker) -> None:
    """Guessed session ids open nothing."""
    for sid in ("a" * 20, "A" * 32, "../../etc/passwd", "0"):
        try:
            raw = await Raw.upgrade(worker, f"EIO=4&transport=websocket&sid={sid}")
        except ConnectionError:
            continue
        await _watched(play, f"session id {sid}", raw)


async def _mute(play: Play, worker: Worker) -> None:
    """Connections that say nothing, or answer pings and nothing else, are closed within 10 s."""
    begin = time.monotonic()
    raw = await Raw.upgrade(worker)
    await _watched(play, "no CONNECT at all", raw, UNAUTHENTICATED)
    play.figure("a connection without a token is closed after", round(time.monotonic() - begin, 1), "s", most=10)


async def _fuzz(play: Play, worker: Worker, frames: int) -> None:
    person = play.people.everybody[0]
    connect = b"40" + orjson.dumps({"token": person.access})
    sent = 0
    while sent < frames:
        raw = await Raw.upgrade(worker)
        if play.rng.random() < 0.5:
            raw.frame(connect)
        with contextlib.suppress(OSError):
            for _ in range(50):
                raw.frame(_nonsense(play), play.rng.choice([0x1, 0x1, 0x1, 0x2, 0x9]))
                sent += 1
            await raw.writer.drain()
        await raw.received(0.05)
        raw.close()
    if await worker.status("/healthz") != 200:
        play.findings.append("the worker does not answer after the fuzz")


def _nonsense(play: Play) -> bytes:
    seeds = [b'42["send_message",{"message":"x"}]', b"40{}", b"43[]", b'451-["x"]', b"2probe", b"3", b"41", b"5", b"6"]
    packet = bytearray(play.rng.choice(seeds))
    for _ in range(play.rng.randrange(4)):
        packet[play.rng.randrange(len(packet))] = play.rng.randrange(256)
    return bytes(packet[:120])


@scenario("flood", "one client sends a thousand events a second and comes back when it is closed; the limits are on")
async def flood(play: Play) -> None:
    worker = play.stage.workers[0]
    await worker.terminate()
    await worker.start(RATE_LIMITS="on", SENDS_PER_SECOND="1000", CONNECTS_PER_MINUTE_OF_USER="1000")
    person = play.people.everybody[0]
    pours: list[tuple[int, int, float]] = []
    async with play.traffic_flowing(share=0.2) as traffic:
        await asyncio.sleep(2)
        # In turns, so that what else the machine does meets both.
        for _ in range(1 if play.quick else 4):
            with play.measured("delivered while nobody floods"):
                await asyncio.sleep(3 if play.quick else 10)
            with play.measured("delivered while one floods", than="delivered while nobody floods"):
                until = time.monotonic() + (3 if play.quick else 10)
                while time.monotonic() < until:
                    pours.append(await _pour(worker, person.access, traffic.people.conversations[0]))
    play.figure("connections that flooded, and were closed", len(pours))
    play.figure("events of one that were handled, at most", max(taken for taken, *_ in pours), "", most=140)
    play.figure("events of one that were refused, at most", max(refused for _, refused, _ in pours))
    play.figure("closed after, slowest", round(max(seconds for *_, seconds in pours), 1), "s", most=30)
    await worker.terminate()
    await worker.start()


async def _pour(worker: Worker, token: str, conversation: str) -> tuple[int, int, float]:
    raw = await Raw.upgrade(worker)
    raw.frame(b"40" + orjson.dumps({"token": token}))
    begin, number, data = time.monotonic(), 0, b""
    body = orjson.dumps(["typing_start", {"conversationId": conversation}])
    while time.monotonic() < begin + 60:
        for _ in range(20):
            raw.frame(b"42%d" % number + body)
            number += 1
        more, closed = await raw.received(0.02)
        data += more
        if closed:
            break
    raw.close()
    refused = data.count(b"rate_limited")
    return data.count(b'"success":') - refused, refused, time.monotonic() - begin
