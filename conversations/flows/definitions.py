"""What a flow is made of: frozen data, nothing that runs.

Texts are templates with `%(name)s` placeholders, marked for translation where they are written (see `texts`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

from django.utils.functional import Promise

Template = str | Promise
"""A text of a flow: `gettext_lazy` gives a promise of one, which `str()` keeps."""


class Role(StrEnum):
    """Who acts. A flow's two parties, or somebody outside of it."""

    BRAND_OWNER = "brand_owner"
    INFLUENCER = "influencer"
    PARTICIPANT = "participant"
    """Either side of a conversation that gives its sides no different parts."""
    SYSTEM = "system"
    OPERATOR = "operator"


class ChatStatus(StrEnum):
    AUTOMATED = "automated"
    REAL_TIME = "real_time"
    CLOSED = "closed"


class StateKind(StrEnum):
    GUIDED = "guided"
    """The flow guides: somebody is awaited, or it goes on by itself."""
    FREE = "free"
    """The guided part is over; people talk."""
    FINAL = "final"
    """Read-only; nothing leaves it."""


class InputKind(StrEnum):
    """Values are the `type` on the wire."""

    TEXT = "text"
    TEXTAREA = "textarea"
    PRICE = "number"
    FILES = "files"


class PriceRule(StrEnum):
    """How a price that is sent has to stand to the newest offer on the table."""

    FREE = "free"
    ECHO = "echo"
    DIFFERENT = "different"


class Guard(StrEnum):
    ROUNDS_LEFT = "rounds left"
    NO_ROUNDS_LEFT = "no rounds left"
    REVISIONS_LEFT = "revisions left"
    NO_REVISIONS_LEFT = "no revisions left"


class Effect(StrEnum):
    """What an action does beside its transition."""

    OFFER = "offer"
    COUNTER_OFFER = "counter"
    FINAL_OFFER = "final"
    ACCEPT_OFFER = "accept_offer"
    OPEN_PAYMENT = "open_payment"
    DELIVER = "deliver"
    REQUEST_REVISION = "request_revision"


OFFERS = frozenset({Effect.OFFER, Effect.COUNTER_OFFER, Effect.FINAL_OFFER})


@dataclass(frozen=True, kw_only=True)
class Input:
    """One value that an action takes; `id` is its key in the action's `data`. Lengths are in code points."""

    id: str
    kind: InputKind
    label: Template
    required: bool = True
    max_length: int | None = None
    max_items: int | None = None
    price_rule: PriceRule = PriceRule.FREE


@dataclass(frozen=True)
class Outcome:
    """Where an action leads, if its guard holds, and what the message adds. The first that holds is taken."""

    to: str
    guard: Guard | None = None
    text: tuple[Template, ...] = ()


@dataclass(frozen=True)
class ActionAlias:
    """A deprecated name of an action that earlier clients send, with `value` as `data["action"]` if there is one."""

    name: str
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class Action:
    """What a party may do in a state.

    `text` is the system message, paragraph by paragraph; those after the first are left out where a value is
    missing. `summary` is what the history says, in one line. Without outcomes the action leads to no transition, and
    needs neither.
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
        """Whether `name`, sent with `data["action"] == value`, is this action."""
        alias = next((alias for alias in self.aliases if alias.name == name), None)
        return name == self.name or (alias is not None and (alias.value is None or alias.value == value))


@dataclass(frozen=True, kw_only=True)
class PlannedTransition:
    """Where a transition leads and what is said of it. `name` is its `reason` in events, `text` the system message,
    `summary` what the history says, in one line."""

    name: str
    to: str
    text: tuple[Template, ...] = ()
    summary: Template = ""


class SystemAction(PlannedTransition):
    """A transition that no party causes. Without `text` it has no message."""


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """What happens after inactivity of `after`, and when the awaited side is reminded (at half time if unset)."""

    after: timedelta
    system_action: SystemAction
    remind_after: timedelta | None = None

    @property
    def reminder(self) -> timedelta:
        return self.remind_after or self.after / 2


@dataclass(frozen=True)
class Reminders:
    """No deadline, but a reminder again and again."""

    every: timedelta


@dataclass(frozen=True)
class NoDeadline:
    """Explicitly neither a deadline nor reminders."""


@dataclass(frozen=True)
class Stage:
    """States that are one to somebody who asks how far a conversation has come. `key` is for programs, and stays."""

    key: str
    label: Template


@dataclass(frozen=True, kw_only=True)
class State:
    """`stage` is None only in a flow without actions, which has no stages."""

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
        """Those of the state, that of the deadline, and the automatic transition."""
        due = (self.inactivity.system_action,) if isinstance(self.inactivity, Deadline) else ()
        return self.system_actions + due + ((self.automatic_transition,) if self.automatic_transition else ())


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How conversations of one type begin; without `text` they begin without a message."""

    conversation_type: str
    summary: Template = ""
    text: tuple[Template, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OperatorTexts:
    """The messages of the interventions, and what the history says of them."""

    paused: tuple[Template, ...] = ()
    paused_summary: Template = ""
    resumed: tuple[Template, ...] = ()
    resumed_summary: Template = ""
    closed: tuple[Template, ...] = ()
    closed_summary: Template = ""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A versioned flow.

    `parties` are its two sides; `opened_by` is None where anybody may open one. `one_per_pair`: two people
    have at most one such conversation, whoever starts it. `closed` is the state into which an operator
    closes. `rounds` of negotiation and `revisions` of the work are what the guards count against.
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
        """Whether parties can take actions, so that its conversations have a deal."""
        return any(state.actions for state in self.states)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """Those that lead to the end, in the order of their first states. That of a final state, into which the flow
        may go from anywhere, is none of them."""
        leading = [state.stage for state in self.states if state.stage and state.kind is not StateKind.FINAL]
        return tuple({stage.key: stage for stage in leading}.values())

    def state(self, name: str) -> State:
        """Raises `KeyError` where the flow has no such state."""
        for state in self.states:
            if state.name == name:
                return state
        raise KeyError(name)

    def opening(self, conversation_type: str) -> Opening:
        """Raises `KeyError` where the flow does not lead such conversations."""
        for opening in self.openings:
            if opening.conversation_type == conversation_type:
                return opening
        raise KeyError(conversation_type)

    def actions(self) -> Iterator[Action]:
        return (action for state in self.states for action in state.actions)

    def actions_named(self, name: str) -> tuple[Action, ...]:
        """The actions of any state that go by this name."""
        return tuple(action for action in self.actions() if action.has_name(name))

    def system_receiver(self, state: str) -> Role:
        """To whom a message of the system goes: the awaited party, or the one who opens such conversations."""
        return self.state(state).awaiting or self.opened_by or self.parties[0]

    def other_party(self, role: Role) -> Role:
        first, second = self.parties
        return second if role == first else first
