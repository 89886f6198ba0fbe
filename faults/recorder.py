"""Records the history of a run, one JSON object a line. Each record has a `kind` and a time `t`, in seconds of the
machine's monotonic clock, which is the same in every process."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

Record = dict[str, Any]


class Recorder:
    """Writes records to a file. `counts` has the number of records of each kind."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.counts: Counter[str] = Counter()
        self._file = path.open("wb", buffering=1 << 16)

    def record(self, kind: str, **members: Any) -> None:
        self.add({"kind": kind, "t": time.monotonic(), **members})

    def add(self, record: Record) -> None:
        """Write a record that another process made. Records that arrive after `close` are dropped."""
        self.counts[record["kind"]] += 1
        if not self._file.closed:
            self._file.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        self._file.close()


def read_records(path: Path) -> Iterator[Record]:
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)
