"""Clients that attack the server."""

import asyncio
import contextlib
import time
import zlib

import orjson

from faults.clients.latency_probe import LatencyProbe
from faults.clients.raw_client import BINARY, COMPRESSED, RawClient
from faults.cluster.worker import Worker
from faults.scenario import Run, scenario

UNAUTHENTICATED = 12.0
"""Seconds after which the server must have closed a connection without a token, plus a margin."""


@scenario(
    "hostile-clients",
    "too large bodies and frames, decompression bombs, fuzz, events before the token, guessed sessions",
)
async def hostile_clients(run: Run) -> None:
    worker = run.cluster.workers[0]
    frames = 5_000 if run.quick else 100_000
    # Warm up: memory that is allocated at first use does not count.
    await _malformed(run, worker)
    before, maximum = (await worker.resource_usage()).rss, 0
    async with LatencyProbe(worker) as probe:
        for attack in (
            _endless_body, _large_frame, _bomb, _malformed, _many_attachments, _early_events, _guessed_session,
            _silence,
        ):  # fmt: skip
            await attack(run, worker)
            now = (await worker.resource_usage()).rss
            run.notes.append(f"after {attack.__name__.strip('_')}: {(now - before) / 2**20:+.1f} MiB")
            maximum = max(maximum, now)
    run.report("memory growth during the attacks", round((maximum - before) / 2**20, 1), "MiB", maximum=5)
    run.report("slowest response of the event loop", round(max(probe.latencies), 1), "ms", maximum=50)
    await _fuzz(run, worker, frames // 5)
    warm = (await worker.resource_usage()).rss
    await _fuzz(run, worker, frames)
    after = (await worker.resource_usage()).rss
    run.report("frames of fuzz", frames)
    run.report(
        f"memory growth, after {frames // 5:,} frames to warm up", round((after - warm) / 2**20, 1), "MiB", maximum=5
    )
    run.report("memory growth of the whole scenario", round((after - before) / 2**20, 1), "MiB")


async def _record_attack(run: Run, what: str, client: RawClient, timeout: float = 5.0) -> None:
    data, closed = await client.received(timeout)
    client.close()
    run.recorder.record("attack", what=what, events=data.count(b'42["'), handled=data.count(b"430["), closed=closed)


async def _endless_body(run: Run, worker: Worker) -> None:
    """Send 200 MiB in chunks to the polling transport, which must stop reading early."""
    client = await RawClient.open(worker)
    client.write(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    head = await client.reader.readuntil(b"}")
    sid = head.partition(b'"sid":"')[2].partition(b'"')[0].decode()
    client = await RawClient.open(worker)
    query = f"EIO=4&transport=polling&sid={sid}"
    client.write(f"POST /socket.io/?{query} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    chunk, sent = b"10000\r\n" + b"4" * 65_536 + b"\r\n", 0
    with contextlib.suppress(OSError, TimeoutError):
        while sent < (20 if run.quick else 200) * 2**20:
            client.write(chunk)
            sent += 65_536
            await asyncio.wait_for(client.writer.drain(), 5)
    run.report("accepted part of an endless body", round(sent / 2**20, 1), "MiB", maximum=16)
    await _record_attack(run, "endless body", client)


async def _large_frame(run: Run, worker: Worker) -> None:
    client = await RawClient.upgrade(worker)
    client.frame(b"4" * 16 * 2**20)
    await _record_attack(run, "frame of 16 MiB", client)
    client = await RawClient.upgrade(worker)
    client.frame(b"42", announced=2**62)
    await _record_attack(run, "frame that claims 2^62 bytes", client)


async def _bomb(run: Run, worker: Worker) -> None:
    client = await RawClient.upgrade(worker)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(b"4" * 64 * 2**20) + packer.flush(zlib.Z_SYNC_FLUSH)
    client.frame(bomb[:65_000], flags=0x80 | COMPRESSED)
    await _record_attack(run, "compressed bomb", client)


async def _malformed(run: Run, worker: Worker) -> None:
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
        client = await RawClient.upgrade(worker)
        client.frame(packet)
        await _record_attack(run, f"packet {packet[:12]!r}", client)


async def _many_attachments(run: Run, worker: Worker) -> None:
    client = await RawClient.upgrade(worker)
    client.frame(b'451000000000-["x",{"_placeholder":true,"num":0}]')
    for _ in range(50):
        client.frame(b"0" * 60_000, BINARY)
    await _record_attack(run, "a thousand million attachments", client)


async def _early_events(run: Run, worker: Worker) -> None:
    """Send events before CONNECT, and events right after a CONNECT that is refused."""
    body = b'["join_conversation","' + run.people.conversations[0].encode() + b'"]'
    client = await RawClient.upgrade(worker)
    client.frame(b"420" + body)
    await _record_attack(run, "events before CONNECT", client)
    client = await RawClient.upgrade(worker)
    client.frame(b'40{"token":"no"}')
    for number in range(20):
        client.frame(b"42%d" % number + body)
    await _record_attack(run, "events with a refused CONNECT", client, UNAUTHENTICATED)


async def _guessed_session(run: Run, worker: Worker) -> None:
    """Try to open WebSockets of guessed Engine.IO sessions."""
    for sid in ("a" * 20, "A" * 32, "../../etc/passwd", "0"):
        try:
            client = await RawClient.upgrade(worker, f"EIO=4&transport=websocket&sid={sid}")
        except ConnectionError:
            continue
        await _record_attack(run, f"session id {sid}", client)


async def _silence(run: Run, worker: Worker) -> None:
    """Send nothing. The server must close the connection within 10 s."""
    begin = time.monotonic()
    client = await RawClient.upgrade(worker)
    await _record_attack(run, "no CONNECT", client, UNAUTHENTICATED)
    run.report("time until a silent connection is closed", round(time.monotonic() - begin, 1), "s", maximum=10)


async def _fuzz(run: Run, worker: Worker, frames: int) -> None:
    person = run.people.accounts[0]
    connect = b"40" + orjson.dumps({"token": person.access})
    sent = 0
    while sent < frames:
        client = await RawClient.upgrade(worker)
        if run.rng.random() < 0.5:
            client.frame(connect)
        with contextlib.suppress(OSError):
            for _ in range(50):
                client.frame(_nonsense(run), run.rng.choice([0x1, 0x1, 0x1, 0x2, 0x9]))
                sent += 1
            await client.writer.drain()
        await client.received(0.05)
        client.close()
    if await worker.status("/healthz") != 200:
        run.violations.append("the worker does not respond after the fuzz")


def _nonsense(run: Run) -> bytes:
    seeds = [b'42["send_message",{"message":"x"}]', b"40{}", b"43[]", b'451-["x"]', b"2probe", b"3", b"41", b"5", b"6"]
    packet = bytearray(run.rng.choice(seeds))
    for _ in range(run.rng.randrange(4)):
        packet[run.rng.randrange(len(packet))] = run.rng.randrange(256)
    return bytes(packet[:120])


@scenario("flood", "one client sends 1,000 events a second and reconnects when it is closed; rate limits are on")
async def flood(run: Run) -> None:
    worker = run.cluster.workers[0]
    await worker.terminate()
    await worker.start(RATE_LIMITS="on", SENDS_PER_SECOND="1000", CONNECTS_PER_MINUTE_OF_USER="1000")
    person = run.people.accounts[0]
    floods: list[tuple[int, int, float]] = []
    async with run.workload_running(share=0.2) as workload:
        await asyncio.sleep(2)
        # The two measurements alternate, so that other load on the machine affects both.
        for _ in range(1 if run.quick else 4):
            with run.measuring("delivered without the flood"):
                await asyncio.sleep(3 if run.quick else 10)
            with run.measuring("delivered during the flood", baseline="delivered without the flood"):
                deadline = time.monotonic() + (3 if run.quick else 10)
                while time.monotonic() < deadline:
                    floods.append(await _flood_once(worker, person.access, workload.people.conversations[0]))
    run.report("flooding connections", len(floods))
    run.report("handled events of a connection, maximum", max(handled for handled, *_ in floods), "", maximum=140)
    run.report("refused events of a connection, maximum", max(refused for _, refused, _ in floods))
    run.report("time until a connection is closed, maximum", round(max(one[2] for one in floods), 1), "s", maximum=30)
    await worker.terminate()
    await worker.start()


async def _flood_once(worker: Worker, token: str, conversation: str) -> tuple[int, int, float]:
    client = await RawClient.upgrade(worker)
    client.frame(b"40" + orjson.dumps({"token": token}))
    begin, number, data = time.monotonic(), 0, b""
    body = orjson.dumps(["typing_start", {"conversationId": conversation}])
    while time.monotonic() < begin + 60:
        for _ in range(20):
            client.frame(b"42%d" % number + body)
            number += 1
        more, closed = await client.received(0.02)
        data += more
        if closed:
            break
    client.close()
    refused = data.count(b"rate_limited")
    return data.count(b'"success":') - refused, refused, time.monotonic() - begin
