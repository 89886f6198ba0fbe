"""Results as Markdown tables."""

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]


def document(content: Json) -> str:
    """Return a document with one table for each measured case."""
    parts, machine = ["# Results\n"], None
    for case in content["cases"].values():
        if case["machine"] != machine:
            machine = case["machine"]
            parts.append(_measured_on(machine))
        parts.append(case_table(case))
    return "\n".join(parts)


def _measured_on(machine: Json) -> str:
    return (
        f"Measured on {machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, Linux "
        f"{machine['kernel']}, Python {machine['python']}. Medians; the lowest and highest round are in brackets.\n"
    )


def case_table(case: Json) -> str:
    kind = RENDERERS.get(case.get("kind", ""), _load)
    return f"## {case['title']}\n\n{kind(case)}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _load(case: Json) -> str:
    metrics = case["metrics"]
    rows = [
        [
            one["label"],
            *(_spread(one[metric["name"]]) for metric in metrics),
            _cpu(one["cpu"]),
            one["saturated"],
            _number(one["per_core_second"]) if one["per_core_second"] else "",
        ]
        for one in case["targets"]
    ]
    labels = [metric["label"] for metric in metrics]
    return _table(
        ["", *labels, "CPU: server, load, PostgreSQL", "saturated cores", "per second of server CPU"], rows
    ) + _ratios(case)


def _ratios(case: Json) -> str:
    labels = {metric["name"]: metric["label"] for metric in case["metrics"]}
    names = {one["name"]: one["label"] for one in case["targets"]}
    lines = [
        f"- {labels[one['metric']]}: {one['ratio']} times {names[one['against']]}"
        + (f" (threshold: {one['threshold']})" if one["threshold"] else "")
        for one in case["ratios"]
        if one["ratio"] is not None
    ]
    return "\n" + "\n".join(lines) + "\n" if lines else ""


def _reads(case: Json) -> str:
    sizes = case["sizes"]
    rows = []
    for name, first in sizes[0]["reads"].items():
        for size in sizes:
            read = size["reads"][name]
            ratio = f"{read['ms'] / first['ms']:.2f}"
            numbers = [f"{read['ms']:g}", ratio, *(f"{read[one]:,}" for one in ("queries", "rows", "pages"))]
            rows.append([name, f"{size['messages']:,}", *numbers])
    return _table(["read", "messages", "ms", "ratio to the shortest", "queries", "rows", "pages"], rows)


def _rest(case: Json) -> str:
    rows = [
        [one["label"], *(_spread(one[name]) for name in ("requests_per_second", "p50_ms", "p99_ms"))]
        for one in case["requests"]
    ]
    return _table(["", "requests/s", "p50, ms", "p99, ms"], rows)


def _retention(case: Json) -> str:
    rows = [
        [
            one["database"],
            *(_spread(one[name]) for name in ("seconds", "batches", "longest_ms")),
            f"{one['threshold']} s, {case['longest_batch_ms']} ms",
        ]
        for one in case["databases"]
    ]
    return _table(["", "seconds", "batches", "longest batch, ms", "thresholds for a million events"], rows)


def _decoding(case: Json) -> str:
    rows = [[one["label"], *(_spread(one[name]) for name in ("seconds", "memory_mib"))] for one in case["files"]]
    return _table(["", "seconds", "memory, MiB"], rows)


def _search(case: Json) -> str:
    databases = case["databases"]
    rows = [[name, *(_spread(one["ms"][name]) for one in databases)] for name in databases[0]["ms"]]
    head = [f"{one['database']}, ms (threshold: {case['threshold_ms']})" for one in databases]
    return _table(["search", *head], rows)


RENDERERS = {"reads": _reads, "rest": _rest, "retention": _retention, "decoding": _decoding, "search": _search}


def _spread(spread: Json) -> str:
    return f"{_number(spread['median'])} ({_number(spread['minimum'])} to {_number(spread['maximum'])})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cpu(cpu: Json) -> str:
    return ", ".join(f"{cpu[name]:.0f}%" for name in ("server", "load", "postgres"))
