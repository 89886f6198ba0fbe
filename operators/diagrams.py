"""The geometry of a flow's SVG diagram, with the states in one column. All lengths are in pixels."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from conversations.flows import Flow
from conversations.flows.definitions import StateKind
from conversations.flows.graph import edges

WIDTH, HEIGHT, GAP, MARGIN = 190, 24, 16, 60
PITCH = HEIGHT + GAP

Edge = tuple[str, str]
"""The names of a source state and a target state."""


@dataclass(frozen=True)
class Box:
    """A state. `x` and `y` are its center; `was_entered` says that the conversation has been in this state."""

    name: str
    x: float
    y: float
    is_current: bool
    was_entered: bool

    @property
    def left(self) -> float:
        return self.x - WIDTH / 2

    @property
    def top(self) -> float:
        return self.y - HEIGHT / 2


@dataclass(frozen=True)
class Line:
    """A transition. `path` is the data of an SVG path; `closes` says that the target state is final."""

    path: str
    reasons: str
    was_taken: bool
    closes: bool


@dataclass(frozen=True)
class Diagram:
    width: float
    height: float
    box_width: float
    box_height: float
    boxes: list[Box]
    lines: list[Line]


def diagram(flow: Flow, *, current: str, taken: Collection[Edge]) -> Diagram:
    """Return the diagram of a flow.

    `current` is the name of the conversation's state, and `taken` are the transitions that it went through.
    """
    entered = {flow.initial} | {target for _, target in taken}
    boxes = {
        state.name: Box(
            state.name, MARGIN + WIDTH / 2, PITCH * (number + 0.5), state.name == current, state.name in entered
        )
        for number, state in enumerate(flow.states)
    }
    reasons: dict[Edge, list[str]] = defaultdict(list)
    for edge in edges(flow):
        reasons[edge.source, edge.target].append(edge.reason)
    final = {state.name for state in flow.states if state.kind is StateKind.FINAL}
    lines = [
        Line(_path(boxes[step[0]], boxes[step[1]]), ", ".join(names), step in taken, step[1] in final)
        for step, names in reasons.items()
    ]
    # Transitions that were taken are drawn last, on top of the others.
    lines.sort(key=lambda line: line.was_taken)
    size = {"width": WIDTH + 2 * MARGIN, "height": PITCH * len(boxes), "box_width": WIDTH, "box_height": HEIGHT}
    return Diagram(**size, boxes=list(boxes.values()), lines=lines)


def _path(source: Box, target: Box) -> str:
    """Return a path straight down to the next state, along the right to a later state, or along the left to an
    earlier state."""
    apart = (target.y - source.y) / PITCH
    if apart == 1:
        return f"M {source.x:g} {source.y + HEIGHT / 2:g} V {target.y - HEIGHT / 2:g}"
    side = 1 if apart > 0 else -1
    edge = source.x + side * WIDTH / 2
    bend = edge + side * min(MARGIN + 15, 14 + 7 * abs(apart))
    return f"M {edge:g} {source.y:g} C {bend:g} {source.y:g} {bend:g} {target.y:g} {edge:g} {target.y:g}"
