"""What happened, as it happened: one JSON object a line, `kind` and `t` (seconds of the machine's monotonic clock,
the same in every process) in each."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

Record = dict[str, Any]


class History:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.counts: Counter[str] = Counter()
        self._file = path.open("wb", buffering=1 << 16)

    def record(self, kind: str, **members: Any) -> None:
        self.add({"kind": kind, "t": time.monotonic(), **members})

    def add(self, record: Record) -> None:
        """A record that another process made. What comes after the end is of no interest."""
        self.counts[record["kind"]] += 1
        if not self._file.closed:
            self._file.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[Record]:
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)
