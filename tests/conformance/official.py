"""The official test suites of the two protocols, as the socket.io repository keeps them (MIT licence).

They are not part of this repository: each is fetched once, at a fixed commit, into `var/conformance`.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tests.environment import ROOT

NEEDS = Path(__file__).parent / "suites"
WORKPLACE = ROOT / "var" / "conformance"
RUN_SECONDS = 120


@dataclass(frozen=True)
class Suite:
    """`tests` is how many there are at that commit."""

    name: str
    path: str
    commit: str
    tests: int

    @property
    def address(self) -> str:
        return f"https://raw.githubusercontent.com/socketio/socket.io/{self.commit}/{self.path}/test-suite.js"

    def text(self) -> str | None:
        """Its source; None where it is neither here nor to be had."""
        kept = WORKPLACE / f"{self.name}-{self.commit}.js"
        if not kept.exists() and (fetched := _fetch(self.address)) is not None:
            WORKPLACE.mkdir(parents=True, exist_ok=True)
            kept.write_text(fetched)
        return kept.read_text() if kept.exists() else None

    def run(self, port: int) -> dict[str, Any]:
        """What mocha reports: `passes` and `failures` by title."""
        place = _workplace_with_packages() / self.name
        place.mkdir(exist_ok=True)
        shutil.copy(NEEDS / "node-imports.js", place)
        source = self.text().replace("http://localhost:3000", f"http://127.0.0.1:{port}")
        (place / "test-suite.js").write_text(source)
        command = ["npx", "--no-install", "mocha", "--exit", "--reporter", "json", f"{self.name}/test-suite.js"]
        # Its exit code is the number of failures, which the report tells better.
        done = subprocess.run(command, cwd=WORKPLACE, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
        assert done.stdout.lstrip().startswith("{"), done.stdout + done.stderr
        return json.loads(done.stdout)


ENGINE_IO = Suite("engine.io", "docs/engine.io-protocol/v4-test-suite", "36d2324de8677c419aeb396753339c6a9647ad2b", 25)
SOCKET_IO = Suite("socket.io", "docs/socket.io-protocol/v5-test-suite", "b4002c281fa9cc7cdc741c850f9f60b86437f7de", 32)


@cache
def _fetch(address: str) -> str | None:
    try:
        return httpx.get(address, timeout=20).raise_for_status().text
    except httpx.HTTPError:
        return None


@cache
def _workplace_with_packages() -> Path:
    WORKPLACE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NEEDS / name, WORKPLACE)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=WORKPLACE, check=True, capture_output=True, timeout=RUN_SECONDS)
    return WORKPLACE
