"""What all moves share: the checks before, the steps, the message, and the prompt that stands afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from conversations.flows.decisions import Decision, Message, Standing, Step, Timing, due_in, standing
from conversations.flows.definitions import Flow, Role, State, StateKind, Template
from conversations.flows.errors import ConversationClosed, StaleAction
from conversations.flows.facts import Facts, values
from conversations.flows.prompts import action_data
from conversations.flows.texts import paragraphs


@dataclass(frozen=True)
class Situation:
    """Where a conversation is: its flow, its state and what is known of it."""

    flow: Flow
    state_name: str
    facts: Facts

    @property
    def state(self) -> State:
        return self.flow.state(self.state_name)

    @property
    def standing(self) -> Standing:
        return standing(self.flow, self.state_name, paused=self.facts.paused)

    @property
    def prompt(self) -> dict[str, Any] | None:
        return action_data(self.flow, self.state_name, self.facts)

    def name_of(self, role: Role) -> str | None:
        return {Role.BRAND_OWNER: self.facts.brand_owner, Role.INFLUENCER: self.facts.influencer}.get(role)

    @property
    def system_receiver(self) -> Role:
        """To whom a message of the system goes: the awaited side, or the one who opens such conversations."""
        return self.state.awaiting or self.flow.opened_by or self.flow.parties[0]


def check_current(at: Situation, state_version: int | None) -> None:
    """Raises `ConversationClosed`, or `StaleAction` where the mover looked at another version."""
    check_open(at)
    check_version(at, state_version)


def check_open(at: Situation) -> None:
    """Raises `ConversationClosed`."""
    if at.state.kind is StateKind.FINAL:
        raise ConversationClosed


def check_version(at: Situation, state_version: int | None) -> None:
    """Raises `StaleAction`."""
    if state_version is not None and state_version != at.facts.state_version:
        raise StaleAction


def steps_to(at: Situation, to: str, reason: str, *, paused: bool) -> tuple[Step, ...]:
    """The step to a state, and those that follow from there at once; versions count on."""
    steps: list[Step] = []
    left, version = at.standing, at.facts.state_version
    following: str | None = to
    while following is not None:
        version += 1
        reached = standing(at.flow, following, paused=paused)
        steps.append(Step(before=left, after=reached, reason=reason, state_version=version))
        event, left = at.flow.state(following).at_once, reached
        following, reason = (event.to, event.name) if event else (None, reason)
    return tuple(steps)


def message(at: Situation, text: tuple[Template, ...], *, sender: Role, said: Mapping[str, Any]) -> Message:
    """The system message of a move that has led to `at`; `said` is the input, by its places in the texts."""
    spoken = {name: value for name, value in said.items() if isinstance(value, str)}
    actor = at.name_of(sender)
    if actor is not None:
        spoken["actor"] = actor
    return Message(
        text=paragraphs(text, spoken | values(at.flow, at.facts)),
        sender=sender,
        receiver=at.system_receiver if sender is Role.SYSTEM else at.flow.other(sender),
        action_data=at.prompt,
    )


def move(
    at: Situation,
    *,
    to: str,
    reason: str,
    text: tuple[Template, ...],
    sender: Role = Role.SYSTEM,
    data: Mapping[str, Any] | None = None,
    after: Facts | None = None,
    timing: Timing = Timing.RESTART,
    **records: Any,
) -> Decision:
    """The decision to go to a state. `after` are the facts that the move makes, `records` what it records."""
    facts = after or at.facts
    steps = steps_to(at, to, reason, paused=facts.paused)
    last = steps[-1]
    reached = Situation(at.flow, last.after.flow_state, replace(facts, state_version=last.state_version))
    return Decision(
        action=reason,
        data=data or {},
        standing=last.after,
        facts=reached.facts,
        steps=steps,
        message=message(reached, text, sender=sender, said=data or {}),
        action_data=reached.prompt,
        timing=timing,
        due=due_in(at.flow, reached.state_name),
        **records,
    )
