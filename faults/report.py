"""Results as Markdown tables."""

from faults.results import Result


def markdown_report(results: list[Result]) -> str:
    """Return a table of the scenarios, a table of the metrics, and the notes."""
    metrics = [
        (one.scenario, metric.name, f"{metric.value:g} {metric.unit}".strip(), metric.threshold, _missed(metric.holds))
        for one in results
        for metric in one.metrics
    ]
    return "\n\n".join(
        [
            _scenarios(results),
            _table(("Scenario", "Metric", "Measured", "Threshold", ""), metrics),
            *(f"{one.scenario}: {note}" for one in results for note in one.notes),
        ]
    )


def _scenarios(results: list[Result]) -> str:
    rows = [(one.scenario, one.what, *_counts([one]), "holds" if one.holds else "**fails**") for one in results]
    head = ("Scenario", "Faults", "Acknowledged", "Pairs in order", "Violations", "")
    return _table(head, [*rows, ("total", "", *_counts(results), "")])


def _counts(results: list[Result]) -> tuple[str, str, str]:
    return (
        str(sum(one.acknowledged for one in results)),
        str(sum(one.ordered_pairs for one in results)),
        str(sum(len(one.violations) for one in results)),
    )


def _missed(holds: bool) -> str:
    return "" if holds else "**missed**"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
