"""Every benchmark runs once on the smallest scale. All responses are checked, but no times."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cases import LOAD_CASES, TINY
from benchmarks.load_generator import saturated_cores
from benchmarks.rest import parse
from tests.harness import databases
from tests.harness.environment import ROOT, need_node, need_postgresql_and_redis
from tests.harness.processes import CommandFailed
from tests.harness.servers import inherited_environment

pytestmark = pytest.mark.alone  # the benchmarks use all cores

RUN_SECONDS = 300


@pytest.fixture(scope="module")
def services() -> Iterator[tuple[str, str]]:
    """The URLs of a new database and of Redis."""
    server, redis = need_postgresql_and_redis()
    database = databases.named(server, f"t{uuid.uuid4().hex[:12]}_bench")
    yield database, redis
    databases.drop(database)


def benchmark(services: tuple[str, str], out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    database, redis = services
    given = ["--tiny", "--out", str(out), "--database", database, "--redis", redis, *arguments]
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *given],
        cwd=ROOT,
        env=inherited_environment(),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def measured(services: tuple[str, str], out: Path, case: str) -> dict[str, Any]:
    done = benchmark(services, out, case)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (out / "chart.svg").read_text().startswith("<svg")
    content = json.loads((out / "results.json").read_text())
    assert content["cases"][case]["title"] in (out / "results.md").read_text()
    return content["cases"][case]


@pytest.mark.parametrize("case", LOAD_CASES, ids=lambda case: case.name)
def test_targets_respond_correctly(services: tuple[str, str], tmp_path: Path, case: Any) -> None:
    need_node()
    found = measured(services, tmp_path, case.name)
    assert [one["name"] for one in found["targets"]] == [one.name for one in case.targets]
    assert {one["metric"] for one in found["ratios"]} == {metric.name for metric in case.metrics}


def test_rest_responds_correctly(services: tuple[str, str], tmp_path: Path) -> None:
    found = measured(services, tmp_path, "rest")
    assert [one["requests_per_second"]["median"] > 0 for one in found["requests"]] == [True, True]


def test_the_number_of_queries_does_not_depend_on_the_length_of_the_history(
    services: tuple[str, str], tmp_path: Path
) -> None:
    found = measured(services, tmp_path, "reads")
    assert [size["messages"] for size in found["sizes"]] == list(TINY.messages)
    counts = [{name: read["queries"] for name, read in size["reads"].items()} for size in found["sizes"]]
    assert counts[0] == counts[1]
    assert all(counts[0].values())


def test_all_old_events_are_deleted_on_both_databases(services: tuple[str, str], tmp_path: Path) -> None:
    found = measured(services, tmp_path, "retention")
    assert [one["database"] for one in found["databases"]] == ["PostgreSQL", "SQLite"]
    assert all(one["batches"]["median"] >= 2 for one in found["databases"])


def test_files_are_decoded(services: tuple[str, str], tmp_path: Path) -> None:
    found = measured(services, tmp_path, "decoding")
    assert [one["label"].partition(",")[0] for one in found["files"]] == ["JPEG", "PNG", "HEIC", "MOV"]
    assert all(one["seconds"]["median"] > 0 < one["memory_mib"]["median"] for one in found["files"])


def test_searches_are_measured_on_both_databases(services: tuple[str, str], tmp_path: Path) -> None:
    found = measured(services, tmp_path, "search")
    assert [one["database"] for one in found["databases"]] == ["PostgreSQL", "SQLite"]
    first, second = (one["ms"] for one in found["databases"])
    assert first.keys() == second.keys()
    assert all(one["median"] > 0 for one in (*first.values(), *second.values()))


def test_a_database_without_the_suffix_is_not_dropped(services: tuple[str, str], tmp_path: Path) -> None:
    database, redis = services
    other = databases.named(database, "precious")
    done = benchmark((other, redis), tmp_path, "room")
    assert done.returncode != 0
    assert "The database precious would be dropped, but its name does not end with _bench." in done.stderr


def test_unknown_cases_are_refused(services: tuple[str, str], tmp_path: Path) -> None:
    assert "unknown case: romm" in benchmark(services, tmp_path, "romm").stderr


def test_refused_and_lost_requests_raise_an_error() -> None:
    for output in (
        "  Non-2xx or 3xx responses: 3\nRequests/sec:  12.0\n",
        "  Socket errors: connect 0, read 2, write 0, timeout 0\nRequests/sec:  12.0\n",
        "Requests/sec:  0.00\n",
    ):
        with pytest.raises(CommandFailed):
            parse(output)


def test_latencies_are_converted_to_milliseconds() -> None:
    output = "     50%  640.00us\n     99%    1.50s \nRequests/sec:    320.10\n"
    assert parse(output) == {"requests_per_second": 320.1, "p50_ms": 0.64, "p99_ms": 1500.0}


def test_saturated_cores_are_named() -> None:
    assert saturated_cores({"server_cpu": 98.0, "load_cpu": 20.0, "postgres_cpu": 93.0}) == "server and postgres"
    assert saturated_cores({"server_cpu": 50.0}) == "none"
