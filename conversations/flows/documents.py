"""Documents about a flow: a Mermaid diagram, a Markdown page and JSON, all made from the flow's data."""

import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from django.utils.duration import duration_iso_string

from conversations.flows.definitions import Action, Deadline, Flow, Input, NoDeadline, Reminders, State, StateKind
from conversations.flows.graph import Edge, edges


def _label(edge: Edge) -> str:
    guard = f" ({edge.guard.value})" if edge.guard else ""
    return f"{edge.reason}{guard}"


def mermaid(flow: Flow) -> str:
    """Return a state diagram in the Mermaid language."""
    lines = ["stateDiagram-v2", f"    [*] --> {flow.initial}"]
    lines += [f"    {edge.source} --> {edge.target} : {_label(edge)}" for edge in edges(flow)]
    lines += [f"    {state.name} --> [*]" for state in flow.states if state.kind is StateKind.FINAL]
    return "\n".join(lines) + "\n"


def as_data(value: Any) -> Any:
    """Return frozen definitions as JSON data. Empty members are left out; durations are in ISO 8601."""
    if isinstance(value, NoDeadline):
        return "never"
    if is_dataclass(value):
        members = {field.name: as_data(getattr(value, field.name)) for field in fields(value)}
        return {name: member for name, member in members.items() if member not in (None, [], "", {})}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return duration_iso_string(value)
    if isinstance(value, tuple):
        return [as_data(item) for item in value]
    return value if isinstance(value, bool | int | None) else str(value)


def _duration_text(duration: timedelta) -> str:
    days = duration / timedelta(days=1)
    return f"{days:g} day" if days == 1 else f"{days:g} days"


def _inactivity(state: State) -> str:
    rule = state.inactivity
    if isinstance(rule, Deadline):
        reminder = f"reminder after {_duration_text(rule.reminder)}"
        return f"{rule.system_action.name} after {_duration_text(rule.after)}, {reminder}"
    if isinstance(rule, Reminders):
        return f"reminder every {_duration_text(rule.every)}"
    return "no deadline" if isinstance(rule, NoDeadline) else ""


def _input(field: Input) -> str:
    bounds = {"number": ", a price", "files": f", at most {field.max_items}"}
    bound = bounds.get(field.kind.value, f", at most {field.max_length or 0:,} characters")
    return f"`{field.id}`{'' if field.required else '?'}{bound}"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> list[str]:
    return [_row(head), _row("---" for _ in head), *map(_row, rows), ""]


def _states(flow: Flow) -> list[str]:
    head = ("State", "Stage", "awaiting_role", "chat_status", "Accepts text", "Inactivity", "Prompt")
    return _table(
        head,
        (
            (
                f"`{state.name}`",
                str(state.stage.label) if state.stage else "",
                state.awaiting.value if state.awaiting else "nobody",
                state.chat_status.value,
                "yes" if state.accepts_text else "no",
                _inactivity(state),
                f"{state.title} ¶ {state.subtitle}" if state.title else "",
            )
            for state in flow.states
        ),
    )


def _targets(action: Action) -> str:
    found = [f"`{outcome.to}`" + (f" if {outcome.guard.value}" if outcome.guard else "") for outcome in action.outcomes]
    return ", else ".join(found) or "no transition"


def _actions(flow: Flow) -> list[str]:
    head = ("State", "Action", "Role", "Leads to", "Input", "Aliases", "Message", "History")
    return _table(
        head,
        (
            (
                f"`{state.name}`",
                f"`{action.name}`",
                ", ".join(action.roles),
                _targets(action),
                "; ".join(map(_input, action.inputs)),
                ", ".join(f"`{alias.name}`" + (f" {alias.value}" if alias.value else "") for alias in action.aliases),
                " ¶ ".join(map(str, action.text)),
                str(action.summary),
            )
            for state in flow.states
            for action in state.actions
        ),
    )


def _system_actions(flow: Flow) -> list[str]:
    return _table(
        ("State", "System action", "Leads to", "Message", "History"),
        (
            (
                f"`{state.name}`",
                f"`{system_action.name}`",
                f"`{system_action.to}`",
                " ¶ ".join(map(str, system_action.text)),
                str(system_action.summary),
            )
            for state in flow.states
            for system_action in state.all_system_actions()
        ),
    )


def markdown(flow: Flow) -> str:
    """Return a page with the diagram and tables of states, actions and system actions.

    `¶` separates the paragraphs of a text.
    """
    types = ", ".join(opening.conversation_type for opening in flow.openings)
    lines = [
        f"# {flow.name}, version {flow.version}",
        "",
        "Generated from the flow's data by `python manage.py export_flows`; do not edit.",
        "",
        f"- Conversation types: {types}.",
        f"- Opened by: {flow.opened_by.value if flow.opened_by else 'anybody'}.",
        f"- Rounds of negotiation: {flow.rounds}. Revisions: {flow.revisions}.",
        "",
        "```mermaid",
        mermaid(flow).rstrip(),
        "```",
        "",
        "## States",
        "",
        *_states(flow),
    ]
    for title, rows in (("Actions", _actions(flow)), ("System actions", _system_actions(flow))):
        if len(rows) > len(_table(("",), ())):
            lines += [f"## {title}", "", *rows]
    return "\n".join(lines).rstrip() + "\n"


def documents(flow: Flow) -> dict[str, str]:
    """Return all documents about a flow, by file name."""
    stem = f"{flow.name}-v{flow.version}"
    data = json.dumps(as_data(flow), indent=2, ensure_ascii=False) + "\n"
    return {f"{stem}.mmd": mermaid(flow), f"{stem}.md": markdown(flow), f"{stem}.json": data}
