"""What `benchmarks.reads` runs inside the product: `people COUNT` opens conversations of one reader with COUNT others,
`read READER CONVERSATION TIMES` reads as the reader does, over the REST API. Both answer JSON."""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stoory.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from accounts.models import User  # noqa: E402
from stoory.bench_data import conversations_of, log_in, people  # noqa: E402

PLAN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "


def make_people(count: int) -> dict[str, str]:
    reader, *others = people(count + 1)
    conversations = conversations_of([(reader, other) for other in others])
    return {"reader": str(reader.pk), "long": str(conversations[0].pk)}


def read(reader_id: str, conversation_id: str, times: int) -> dict[str, Any]:
    token = log_in([User.objects.get(pk=reader_id)])[0]
    client = Client(headers={"authorization": f"Bearer {token}", "host": "127.0.0.1"})
    paths = {
        "history page": f"/api/conversations/{conversation_id}/messages",
        "conversation list": "/api/conversations",
        "unread count": "/api/notifications/unread-count",
    }
    return {name: _measured(client, path, times) for name, path in paths.items()}


def _measured(client: Client, path: str, times: int) -> dict[str, Any]:
    with CaptureQueriesContext(connection) as captured:
        _get(client, path)
        plans = [_plan(query["sql"]) for query in list(captured.connection.queries) if _is_read(query["sql"])]
    took = [_get(client, path) for _ in range(times)]
    return {
        "ms": round(statistics.median(took), 3),
        "queries": len(plans),
        "rows": round(sum(_rows(node) for plan in plans for node in _nodes(plan))),
        "pages": sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans),
    }


def _is_read(statement: str) -> bool:
    return statement.lstrip("( ").startswith("SELECT")


def _get(client: Client, path: str) -> float:
    started = time.perf_counter()
    answer = client.get(path)
    if answer.status_code != 200 or not answer.json()["success"]:
        raise SystemExit(f"{path} answered {answer.status_code}: {answer.content!r}")
    return (time.perf_counter() - started) * 1000


def _plan(statement: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(PLAN + statement)
        return cursor.fetchone()[0][0]["Plan"]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes that read tables and indexes."""
    if not plan.get("Plans"):
        yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _rows(node: dict[str, Any]) -> float:
    """Rows that were looked at, those that a filter threw away included."""
    return (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    answer = make_people(int(given[0])) if what == "people" else read(given[0], given[1], int(given[2]))
    print(json.dumps(answer))
