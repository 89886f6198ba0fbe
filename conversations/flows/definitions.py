"""The parts of a flow, as frozen data without behavior.

Texts are templates with `%(name)s` placeholders (see `templates`). They are marked for translation in the flows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from django.utils.functional import Promise

from conversations.flows.kinds import Effect, Guard, InputKind, Interruption, PriceRule

Template = str | Promise
"""A text of a flow. `gettext_lazy` returns a `Promise`, which `str()` translates."""


class Role(StrEnum):
    """The role of an actor: a party of the flow, the system, or an operator."""

    BRAND_OWNER = "brand_owner"
    INFLUENCER = "influencer"
    PARTICIPANT = "participant"
    """A party of a conversation in which both parties have the same role."""
    SYSTEM = "system"
    OPERATOR = "operator"


class ChatStatus(StrEnum):
    AUTOMATED = "automated"
    REAL_TIME = "real_time"
    CLOSED = "closed"


class StateKind(StrEnum):
    GUIDED = "guided"
    """The flow guides the conversation: a role is awaited, or an automatic transition follows."""
    FREE = "free"
    """The guided part has ended; the parties write freely."""
    FINAL = "final"
    """The conversation is read-only, and the state has no transitions."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of an action. `id` is its key in the action's `data`; lengths are in code points."""

    id: str
    kind: InputKind
    label: Template
    required: bool = True
    max_length: int | None = None
    max_items: int | None = None
    price_rule: PriceRule = PriceRule.FREE


@dataclass(frozen=True)
class Outcome:
    """A possible target of an action, and the paragraphs that it adds. The first outcome whose guard holds is used."""

    to: str
    guard: Guard | None = None
    text: tuple[Template, ...] = ()


@dataclass(frozen=True)
class ActionAlias:
    """A deprecated name of an action, which older clients send. If `value` is set, `data["action"]` must equal it."""

    name: str
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class Action:
    """An action that a party can take in a state.

    `text` has the paragraphs of the system message; a paragraph after the first is left out if one of its values is
    missing. `summary` is the line for the history. An action without outcomes causes no transition and needs no texts.
    """

    name: str
    roles: tuple[Role, ...]
    label: Template
    text: tuple[Template, ...] = ()
    summary: Template = ""
    style: str = "primary"
    inputs: tuple[Input, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    effect: Effect | None = None
    aliases: tuple[ActionAlias, ...] = ()

    def has_name(self, name: str) -> bool:
        return name == self.name or any(alias.name == name for alias in self.aliases)

    def matches(self, name: str, value: object) -> bool:
        """Return whether `name`, sent with `data["action"] == value`, means this action."""
        alias = next((alias for alias in self.aliases if alias.name == name), None)
        return name == self.name or (alias is not None and (alias.value is None or alias.value == value))


@dataclass(frozen=True, kw_only=True)
class PlannedTransition:
    """The target state and the texts of a transition.

    `name` is its `reason` in events, `text` the system message, `summary` the line for the history.
    """

    name: str
    to: str
    text: tuple[Template, ...] = ()
    summary: Template = ""


@dataclass(frozen=True, kw_only=True)
class SystemAction(PlannedTransition):
    """A transition that no party causes. Without `text` it sends no message.

    A state can have several system actions with one name that end an interruption. The action is taken whose target is
    the interrupted state.
    """

    interruption: Interruption | None = None


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """The system action that is taken after inactivity of `after`.

    The awaited role is reminded after `remind_after`, or after half of the time if it is None.
    """

    after: timedelta
    system_action: SystemAction
    remind_after: timedelta | None = None

    @property
    def reminder(self) -> timedelta:
        return self.remind_after or self.after / 2


@dataclass(frozen=True)
class Reminders:
    """Repeated reminders without a deadline."""

    every: timedelta


@dataclass(frozen=True)
class NoDeadline:
    """The explicit choice to have no deadline and no reminders."""


@dataclass(frozen=True)
class Stage:
    """A group of states that shows people how far a conversation has come. `key` is for programs and never changes."""

    key: str
    label: Template


@dataclass(frozen=True, kw_only=True)
class State:
    """A state of a flow. `stage` is None only in a flow without actions."""

    name: str
    stage: Stage | None = None
    kind: StateKind = StateKind.GUIDED
    awaiting: Role | None = None
    chat_status: ChatStatus = ChatStatus.AUTOMATED
    title: Template = ""
    subtitle: Template = ""
    actions: tuple[Action, ...] = ()
    system_actions: tuple[SystemAction, ...] = ()
    automatic_transition: SystemAction | None = None
    inactivity: Deadline | Reminders | NoDeadline | None = None
    accepts_text: bool = True

    def all_system_actions(self) -> tuple[SystemAction, ...]:
        """Return the system actions of the state and of its deadline, and the automatic transition."""
        due = (self.inactivity.system_action,) if isinstance(self.inactivity, Deadline) else ()
        return self.system_actions + due + ((self.automatic_transition,) if self.automatic_transition else ())


@dataclass(frozen=True, kw_only=True)
class Opening:
    """The texts with which conversations of one type begin. Without `text` they begin without a message."""

    conversation_type: str
    summary: Template = ""
    text: tuple[Template, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OperatorTexts:
    """The messages of interventions, and their lines for the history."""

    paused: tuple[Template, ...] = ()
    paused_summary: Template = ""
    resumed: tuple[Template, ...] = ()
    resumed_summary: Template = ""
    closed: tuple[Template, ...] = ()
    closed_summary: Template = ""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A versioned flow.

    `opened_by` is None if any party can open a conversation. With `one_per_pair`, two people have at most one such
    conversation, regardless of who opens it. `closed` is the state that a conversation enters when an operator closes
    it. The guards compare `rounds` and `revisions` with the used rounds of negotiation and revisions of the work. As
    many offers as `rounds` can be withdrawn, besides counter-offers.
    """

    name: str
    version: int
    parties: tuple[Role, Role]
    openings: tuple[Opening, ...]
    initial: str
    states: tuple[State, ...]
    closed: str | None = None
    opened_by: Role | None = None
    one_per_pair: bool = False
    rounds: int = 0
    revisions: int = 0
    operator_texts: OperatorTexts = OperatorTexts()
    reminder_text: tuple[Template, ...] = ()

    @property
    def has_actions(self) -> bool:
        """Whether the parties can take actions. Conversations of such a flow have a deal."""
        return any(state.actions for state in self.states)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in the order of their states, without the stages of final states, because any stage can lead to a
        final state."""
        leading = [state.stage for state in self.states if state.stage and state.kind is not StateKind.FINAL]
        return tuple({stage.key: stage for stage in leading}.values())

    def state(self, name: str) -> State:
        """Return the state with this name. Raises `KeyError` if the flow has no such state."""
        for state in self.states:
            if state.name == name:
                return state
        raise KeyError(name)

    def opening(self, conversation_type: str) -> Opening:
        """Return the opening of a conversation type. Raises `KeyError` if the flow does not have this type."""
        for opening in self.openings:
            if opening.conversation_type == conversation_type:
                return opening
        raise KeyError(conversation_type)

    def actions(self) -> Iterator[Action]:
        return (action for state in self.states for action in state.actions)

    def actions_named(self, name: str) -> tuple[Action, ...]:
        """Return the actions of all states that have this name or alias."""
        return tuple(action for action in self.actions() if action.has_name(name))

    def system_receiver(self, state: str) -> Role:
        """Return the role that receives a system message: the awaited role, or the role of the opener."""
        return self.state(state).awaiting or self.opened_by or self.parties[0]

    def other_party(self, role: Role) -> Role:
        first, second = self.parties
        return second if role == first else first
