"""Official clients, each an unmodified `socket.io-client` for JavaScript. One Node process runs all of them."""

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from faults.recorder import Recorder
from faults.waiting import wait_until
from tests.harness.people import Account

SCRIPT = Path(__file__).with_name("official_client.mjs")


@dataclass(frozen=True)
class OfficialClient:
    name: str
    person: Account
    base_url: str
    conversations: tuple[str, ...]
    transports: tuple[str, ...] = ("websocket", "polling")

    def config(self) -> dict[str, object]:
        return {
            "name": self.name,
            "user": self.person.id,
            "url": self.base_url,
            "token": self.person.access,
            "conversations": self.conversations,
            "transports": self.transports,
        }


@dataclass(eq=False)
class OfficialClients:
    recorder: Recorder
    clients: list[OfficialClient]
    last_seqs: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    ended: dict[str, str] = field(default_factory=dict)
    refused: list[dict[str, object]] = field(default_factory=list)
    joined: int = 0

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            "node", str(SCRIPT), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20
        )
        self._reader = asyncio.create_task(self._read())
        line = json.dumps([client.config() for client in self.clients])
        self._process.stdin.write(line.encode() + b"\n")
        rooms = sum(len(client.conversations) + 1 for client in self.clients)
        await wait_until(lambda: self.joined >= rooms or self.refused)
        if self.refused:
            raise RuntimeError(f"A client could not join a room, although no fault was injected: {self.refused[0]}")

    async def _read(self) -> None:
        async for line in self._process.stdout:
            record = orjson.loads(line)
            self.recorder.add(record)
            if record["kind"] == "event" and record["seq"] is not None:
                seqs = self.last_seqs[record["client"]]
                seqs[record["room"]] = max(record["seq"], seqs.get(record["room"], 0))
            elif record["kind"] == "joined":
                self.joined += 1
                self.last_seqs[record["client"]].setdefault(record["room"], record["seq"])
            elif record["kind"] == "refused":
                self.refused.append(record)
            elif record["kind"] == "ended":
                self.ended[record["client"]] = record["reason"]

    async def stop(self) -> None:
        self._process.stdin.close()
        await self._process.wait()
        await self._reader
