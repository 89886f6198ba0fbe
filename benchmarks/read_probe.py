"""Commands that `benchmarks.reads` runs with the settings of a server. Both print JSON.

`people COUNT` creates one reader and its conversations with COUNT other users. `read READER CONVERSATION TIMES` reads
over the REST API as the reader.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stoory.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from psycopg import sql  # noqa: E402

from accounts.models import User  # noqa: E402
from foundation.database.pipeline import Pipeline  # noqa: E402
from stoory.bench_data import conversations_of, log_in, people  # noqa: E402

PLAN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "


def create_people(count: int) -> dict[str, str]:
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
    plans = [_plan(text, values) for text, values in _statements(client, path) if _is_read(text)]
    took = [_get(client, path) for _ in range(times)]
    return {
        "ms": round(statistics.median(took), 3),
        "queries": len(plans),
        "rows": round(sum(_rows(node) for plan in plans for node in _nodes(plan))),
        "pages": sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans),
    }


def _statements(client: Client, path: str) -> list[tuple[str, list[str]]]:
    """Return the statements of a request with their values: Django's statements and the statements of pipelines."""
    statements, flush = [], Pipeline.flush

    def recorded(pipeline: Pipeline, **options: Any) -> None:
        statements.extend((text, [value.decode() for value in values]) for text, values, *_ in pipeline.queued)
        flush(pipeline, **options)

    with CaptureQueriesContext(connection) as captured, patch.object(Pipeline, "flush", recorded):
        _get(client, path)
    return statements + [(query["sql"], []) for query in captured.captured_queries]


def _is_read(statement: str) -> bool:
    return statement.lstrip("( ").startswith("SELECT")


def _get(client: Client, path: str) -> float:
    started = time.perf_counter()
    response = client.get(path)
    if response.status_code != 200 or not response.json()["success"]:
        raise SystemExit(f"{path} returned {response.status_code}: {response.content!r}")
    return (time.perf_counter() - started) * 1000


def _plan(statement: str, values: list[str]) -> dict[str, Any]:
    """Return the plan of the statement as the server runs it: prepared, with a generic plan for all values."""
    literals = sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, values))) if values else sql.SQL("")
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE probed AS {statement}")
        cursor.execute(sql.SQL(PLAN + "EXECUTE probed") + literals)
        plan = cursor.fetchone()[0][0]["Plan"]
        cursor.execute("DEALLOCATE probed")
    return plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a plan that read tables and indexes."""
    if not plan.get("Plans"):
        yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _rows(node: dict[str, Any]) -> float:
    """Return the number of rows read, including the rows that a filter removed."""
    return (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "people":
        print(json.dumps(create_people(int(arguments[0]))))
    else:
        print(json.dumps(read(arguments[0], arguments[1], int(arguments[2]))))
