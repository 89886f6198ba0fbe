"""An SVG chart of the results, with one bar for the first metric of each case and target."""

from typing import Any
from xml.sax.saxutils import escape

WIDTH, LABEL, BAR, GAP, HEAD = 960, 300, 18, 6, 34
COLOURS = {"stoory": "#0f766e", "node": "#64748b", "python-socketio": "#a8a29e", "channels": "#d6d3d1"}
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2937}.title{font-weight:600}.value{font-variant-numeric:tabular-nums}"
)

Json = dict[str, Any]


def draw(content: Json) -> str:
    """Return an SVG image of all cases that compare targets."""
    parts, y = [], 10
    for case in content["cases"].values():
        if "targets" in case:
            drawn, y = _case(case, y)
            parts += drawn
    size = f'width="{WIDTH}" height="{y + 10}" viewBox="0 0 {WIDTH} {y + 10}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    background = f'<rect width="{WIDTH}" height="{y + 10}" fill="#ffffff"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", background, *parts, "</svg>", ""])


def _case(case: Json, y: int) -> tuple[list[str], int]:
    metric = case["metrics"][0]
    better = "more is better" if metric["higher_is_better"] else "less is better"
    title = escape(f"{case['title']}: {metric['label']} ({better})")
    parts = [f'<text class="title" x="10" y="{y + 18}">{title}</text>']
    y += HEAD - GAP
    longest = max(one[metric["name"]]["median"] for one in case["targets"]) or 1
    for one in case["targets"]:
        parts += _bar(one, one[metric["name"]]["median"], longest, y)
        y += BAR + GAP
    return parts, y + GAP


def _bar(target: Json, value: float, longest: float, y: int) -> list[str]:
    width = max(1.0, (WIDTH - LABEL - 110) * value / longest)
    colour = COLOURS.get(target["name"], "#94a3b8")
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    baseline = y + BAR - 5
    return [
        f'<text x="{LABEL - 10}" y="{baseline}" text-anchor="end">{escape(target["label"])}</text>',
        f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" fill="{colour}"/>',
        f'<text class="value" x="{LABEL + width + 8:.1f}" y="{baseline}">{shown}</text>',
    ]
