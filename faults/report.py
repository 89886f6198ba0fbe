"""What was done and found, as tables."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faults.runner import Outcome


def table(outcomes: "list[Outcome]") -> str:
    """Markdown, as it stands in `docs/reliability.md`."""
    rows = [
        (
            one.scenario,
            one.what,
            str(one.acked),
            str(one.pairs),
            str(len(one.findings)),
            "holds" if one.holds else "**fails**",
        )
        for one in outcomes
    ]
    total = ("in all", "", str(sum(one.acked for one in outcomes)), str(sum(one.pairs for one in outcomes)))
    rows.append((*total, str(sum(len(one.findings) for one in outcomes)), ""))
    head = ("Scenario", "What is done", "Acknowledged", "Pairs in order", "Findings", "")
    figures = [
        (one.scenario, figure.name, f"{figure.value:g} {figure.unit}".strip(), figure.bar, _verdict(figure.holds))
        for one in outcomes
        for figure in one.figures
    ]
    return "\n\n".join(
        [
            _markdown(head, rows),
            _markdown(("Scenario", "Figure", "Measured", "Bar", ""), figures),
            *(f"{one.scenario}: {note}" for one in outcomes for note in one.notes),
        ]
    )


def _verdict(holds: bool) -> str:
    return "" if holds else "**missed**"


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
