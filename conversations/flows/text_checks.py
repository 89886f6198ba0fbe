"""Checks that every text of a flow exists and uses only placeholders that always have a value."""

from collections.abc import Iterator, Set

from conversations.flows.definitions import Action, Deadline, Flow, Reminders, State, Template
from conversations.flows.graph import without_offer
from conversations.flows.kinds import OFFERS, InputKind
from conversations.flows.templates import placeholders

ALWAYS = frozenset({"brand_owner", "influencer", "rounds_left", "revisions_left"})
OPTIONAL = frozenset({"title", "proposed"})

Fault = tuple[str, str, str]


def _asks(where: str, text: Template, there: Set[str]) -> Iterator[Fault]:
    missing = placeholders(text) - there
    if missing:
        yield "E026", where, f"uses {', '.join(sorted(missing))}, which can be missing"


def _paragraphs(where: str, text: tuple[Template, ...], sure: Set[str], maybe: Set[str]) -> Iterator[Fault]:
    """Check paragraphs: the first can use `sure` values only, the others also `maybe` values, which can be missing."""
    if not text or not all(str(paragraph).strip() for paragraph in text):
        yield "E025", where, "has no text"
    for paragraph in text[:1]:
        yield from _asks(where, paragraph, sure)
    for paragraph in text[1:]:
        yield from _asks(where, paragraph, sure | maybe)


def _labels(where: str, action: Action) -> Iterator[Fault]:
    labelled = {where: action.label} | {f"{where}.{field.id}": field.label for field in action.inputs}
    for path, label in labelled.items():
        if not str(label).strip():
            yield "E027", path, "has no label"


def _summary(where: str, summary: Template, there: Set[str]) -> Iterator[Fault]:
    """Check a line of the history. The line is always shown, so it can only use values that always exist."""
    if not str(summary).strip():
        yield "E032", where, "has no summary for the history"
    yield from _asks(where, summary, there)


def _action(state: State, action: Action, sure: Set[str]) -> Iterator[Fault]:
    where = f"{state.name}.{action.name}"
    yield from _labels(where, action)
    text_inputs = [field for field in action.inputs if field.kind is not InputKind.FILES]
    needed = {field.id for field in text_inputs if field.required}
    offered = {"price"} if action.effect in OFFERS else set()
    known = sure | needed | offered | {"actor"}
    for outcome in action.outcomes:
        yield from _paragraphs(where, action.text + outcome.text, known, {field.id for field in text_inputs})
    if action.outcomes:
        yield from _summary(where, action.summary, sure | offered | {"actor"})


def _state(state: State, sure: Set[str]) -> Iterator[Fault]:
    for action in state.actions:
        yield from _action(state, action, sure)
    for system_action in state.all_system_actions():
        where = f"{state.name}.{system_action.name}"
        if system_action is not state.automatic_transition:
            yield from _paragraphs(where, system_action.text, sure, OPTIONAL)
        yield from _summary(where, system_action.summary, sure)
    if state.awaiting:
        for text in (state.title, state.subtitle):
            if not str(text).strip():
                yield "E028", state.name, "awaits a role, but its prompt has no title or subtitle"
            yield from _asks(state.name, text, sure)


def _stages(flow: Flow) -> Iterator[Fault]:
    """Check that each state of a flow with actions has a stage, and that a stage has one label."""
    labels: dict[str, str] = {}
    for state in flow.states:
        stage = state.stage
        if stage is None:
            if flow.has_actions:
                yield "E030", state.name, "has no stage"
        elif not stage.key or not str(stage.label).strip():
            yield "E031", state.name, "has a stage without a key or a label"
        elif labels.setdefault(stage.key, str(stage.label)) != str(stage.label):
            yield "E031", state.name, f"labels its stage {stage.key!r} differently from another state"


def _common(flow: Flow) -> Iterator[Fault]:
    texts = flow.operator_texts
    for where in ("paused", "resumed", "closed"):
        yield from _paragraphs(f"operator.{where}", getattr(texts, where), ALWAYS, OPTIONAL | {"reason"})
        yield from _summary(f"operator.{where}", getattr(texts, f"{where}_summary"), ALWAYS)
    if any(isinstance(state.inactivity, Deadline | Reminders) for state in flow.states):
        yield from _paragraphs("reminder", flow.reminder_text, ALWAYS | {"awaited", "prompt"}, OPTIONAL)


def faults_of_texts(flow: Flow) -> Iterator[Fault]:
    """Return `(id, where, message)` of each problem with a text."""
    leads = any(state.awaiting for state in flow.states)
    for opening in flow.openings:
        if leads or opening.text:
            yield from _paragraphs(opening.conversation_type, opening.text, ALWAYS, OPTIONAL)
        yield from _summary(opening.conversation_type, opening.summary, ALWAYS)
    yield from _stages(flow)
    early = without_offer(flow)
    for state in flow.states:
        yield from _state(state, ALWAYS if state.name in early else ALWAYS | {"price"})
    if leads:
        yield from _common(flow)
