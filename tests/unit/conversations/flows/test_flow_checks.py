"""Broken flows: the checks report exactly one problem for each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from conversations import checks
from conversations.flows import all_flows
from conversations.flows.checks import FlowProblem, problems
from conversations.flows.definitions import (
    Action,
    ActionAlias,
    ChatStatus,
    Deadline,
    Flow,
    Input,
    NoDeadline,
    Opening,
    OperatorTexts,
    Outcome,
    Reminders,
    Role,
    Stage,
    State,
    StateKind,
    SystemAction,
)
from conversations.flows.kinds import Effect, Guard, InputKind, Interruption, PriceRule
from conversations.flows.registry import BUILT_IN

BRAND_OWNER, INFLUENCER = Role.BRAND_OWNER, Role.INFLUENCER
PRICING, OVER, ENDED = Stage("pricing", "Pricing"), Stage("over", "Over"), Stage("ended", "Ended")
EXPIRED = SystemAction(name="expired", to="closed", text=("Too late.",), summary="Too late")
ON = SystemAction(name="on", to="talking", text=("On.",), summary="On")
PRICE = Input(id="price", kind=InputKind.PRICE, label="Price")
OFFER = Action(
    name="offer",
    roles=(BRAND_OWNER,),
    label="Offer",
    text=("%(actor)s offers %(price)s.",),
    summary="%(actor)s offers %(price)s",
    inputs=(PRICE,),
    outcomes=(Outcome("answering"),),
    effect=Effect.OFFER,
)
ACCEPT = Action(
    name="accept_offer",
    roles=(INFLUENCER,),
    label="Accept",
    text=("%(influencer)s takes %(price)s.",),
    summary="%(influencer)s takes %(price)s",
    outcomes=(Outcome("talking"),),
    effect=Effect.ACCEPT_OFFER,
)
ASKING = State(
    name="asking",
    stage=PRICING,
    awaiting=BRAND_OWNER,
    title="Offer",
    subtitle="Name a price.",
    actions=(OFFER,),
    inactivity=Deadline(after=timedelta(days=7), system_action=EXPIRED),
)
ANSWERING = State(
    name="answering",
    stage=PRICING,
    awaiting=INFLUENCER,
    title="%(price)s",
    subtitle="Take it?",
    actions=(ACCEPT,),
    inactivity=Reminders(timedelta(days=1)),
)
LEAVE = Action(
    name="leave",
    roles=(BRAND_OWNER, INFLUENCER),
    label="Leave",
    text=("%(actor)s left.",),
    summary="%(actor)s left",
    outcomes=(Outcome("closed"),),
)
TALKING = State(name="talking", stage=OVER, kind=StateKind.FREE, chat_status=ChatStatus.REAL_TIME, actions=(LEAVE,))
CLOSED = State(name="closed", stage=ENDED, kind=StateKind.FINAL, chat_status=ChatStatus.CLOSED, accepts_text=False)
OPENING = Opening(
    conversation_type="sale", text=("%(brand_owner)s sells.", "About %(title)s"), summary="%(brand_owner)s sells"
)
WHOLE = Flow(
    name="sale",
    version=1,
    parties=(BRAND_OWNER, INFLUENCER),
    openings=(OPENING,),
    initial="asking",
    states=(ASKING, ANSWERING, TALKING, CLOSED),
    closed="closed",
    rounds=1,
    revisions=1,
    operator_texts=OperatorTexts(
        paused=("Paused.",),
        paused_summary="Paused",
        resumed=("Resumed.",),
        resumed_summary="Resumed",
        closed=("Closed.",),
        closed_summary="Closed",
    ),
    reminder_text=("%(awaited)s: %(prompt)s",),
)


def with_state(name: str, **changes) -> Flow:
    return replace(
        WHOLE,
        states=tuple(replace(state, **changes) if state.name == name else state for state in WHOLE.states),
    )


def with_action(name: str, **changes) -> Flow:
    state = next(state for state in WHOLE.states if any(action.name == name for action in state.actions))
    actions = tuple(replace(action, **changes) if action.name == name else action for action in state.actions)
    return with_state(state.name, actions=actions)


def with_more(name: str, *actions: Action) -> Flow:
    return with_state(name, actions=(*WHOLE.state(name).actions, *actions))


def with_new(*states: State, base: Flow = WHOLE) -> Flow:
    return replace(base, states=base.states + states)


OR_ELSE = with_action("offer", outcomes=(Outcome("answering", Guard.ROUNDS_LEFT), Outcome("elsewhere")))


def going_round() -> Flow:
    there = following(replace(ON, to="back"))
    back = State(name="back", stage=OVER, automatic_transition=replace(ON, name="back", to="elsewhere"))
    return with_new(there, back, base=OR_ELSE)


def following(automatic: SystemAction) -> State:
    return State(name="elsewhere", stage=OVER, automatic_transition=automatic)


def waiting_for_ever() -> Flow:
    wait = replace(OFFER, name="wait", outcomes=(Outcome("elsewhere"),))
    return with_new(replace(ASKING, name="elsewhere", actions=(wait,), inactivity=NoDeadline()), base=OR_ELSE)


def endless_text(kind: InputKind) -> Input:
    return Input(id="note", kind=kind, label="Note", required=False)


WITHDRAW = replace(
    LEAVE,
    name="withdraw",
    roles=(BRAND_OWNER,),
    outcomes=(Outcome("asking", Guard.WITHDRAWALS_LEFT),),
    effect=Effect.WITHDRAW_OFFER,
)
DISPUTED = replace(ON, name="disputed", to="waiting", interruption=Interruption.BEGIN)
WON = replace(ON, name="won", to="answering", interruption=Interruption.END)
LOST = replace(ON, name="lost", to="closed")
WAITING = State(
    name="waiting", stage=PRICING, chat_status=ChatStatus.REAL_TIME, inactivity=NoDeadline(), system_actions=(WON, LOST)
)


def interrupted(*system_actions: SystemAction, **changes) -> Flow:
    """Return the flow with a dispute in its state `answering`; `changes` are made to the state `waiting`."""
    base = with_state("answering", system_actions=(DISPUTED, *system_actions))
    return with_new(replace(WAITING, **changes), base=base)


BROKEN: dict[str, list[Callable[[], Flow]]] = {
    "E001": [lambda: replace(WHOLE, initial="nowhere")],
    "E002": [lambda: with_new(ANSWERING)],
    "E003": [
        lambda: with_action("offer", outcomes=(Outcome("nowhere"),)),
        lambda: with_state("asking", inactivity=Deadline(after=timedelta(1), system_action=replace(EXPIRED, to="x"))),
        lambda: replace(WHOLE, closed="nowhere"),
    ],
    "E004": [lambda: with_new(replace(TALKING, name="island"))],
    "E005": [
        waiting_for_ever,
        lambda: with_action(
            "accept_offer",
            outcomes=(Outcome("talking", Guard.ROUNDS_LEFT), Outcome("answering", Guard.NO_ROUNDS_LEFT)),
        ),
    ],
    "E006": [
        lambda: with_state("closed", actions=(replace(LEAVE, name="reopen", outcomes=(Outcome("talking"),)),)),
        lambda: with_state("closed", system_actions=(ON,)),
    ],
    "E007": [
        lambda: with_state("closed", chat_status=ChatStatus.REAL_TIME),
        lambda: with_state("talking", chat_status=ChatStatus.CLOSED),
        lambda: replace(WHOLE, closed="talking"),
    ],
    "E008": [lambda: replace(WHOLE, opened_by=Role.PARTICIPANT)],
    "E009": [
        lambda: with_state("answering", actions=(), system_actions=(ON,)),
        lambda: with_state(
            "answering",
            actions=(replace(ACCEPT, outcomes=(Outcome("talking", Guard.REVISIONS_LEFT),)),),
            system_actions=(ON,),
        ),
    ],
    "E010": [
        lambda: with_action("leave", roles=()),
        lambda: with_action("leave", roles=(BRAND_OWNER, Role.SYSTEM)),
    ],
    "E011": [lambda: with_more("asking", LEAVE)],
    "E012": [
        lambda: with_more("answering", ACCEPT),
        lambda: with_more("answering", replace(ACCEPT, name="expired_too", aliases=(ActionAlias("accept_offer"),))),
        lambda: with_state("answering", system_actions=(replace(ON, name="accept_offer"),)),
    ],
    "E013": [lambda: with_more("answering", replace(LEAVE, roles=(INFLUENCER,)))],
    "E014": [
        lambda: with_action("leave", inputs=(endless_text(InputKind.TEXT),)),
        lambda: with_action("leave", inputs=(endless_text(InputKind.FILES),)),
    ],
    "E015": [lambda: with_action("offer", inputs=(PRICE, PRICE))],
    "E016": [
        lambda: with_action("offer", inputs=(), text=("An offer.",)),
        lambda: with_action("offer", inputs=(replace(PRICE, required=False),)),
        lambda: with_action("leave", effect=Effect.REQUEST_REVISION),
        lambda: with_action("leave", effect=Effect.DELIVER),
    ],
    "E017": [lambda: with_action("leave", style="loud")],
    "E018": [
        lambda: with_more(
            "asking", replace(ACCEPT, name="take", roles=(BRAND_OWNER,), text=("Taken.",), summary="Taken")
        ),
        lambda: with_action("offer", inputs=(replace(PRICE, price_rule=PriceRule.DIFFERENT),)),
    ],
    "E019": [lambda: with_state("answering", inactivity=None)],
    "E020": [lambda: with_state("talking", inactivity=Reminders(timedelta(days=1)))],
    "E021": [
        lambda: with_state("asking", inactivity=Deadline(after=timedelta(), system_action=EXPIRED)),
        lambda: with_state(
            "asking", inactivity=Deadline(after=timedelta(1), system_action=EXPIRED, remind_after=timedelta(1))
        ),
        lambda: with_state("answering", inactivity=Reminders(timedelta())),
    ],
    "E022": [lambda: replace(WHOLE, rounds=-1), lambda: replace(WHOLE, revisions=-1)],
    "E024": [lambda: with_state("answering", automatic_transition=ON)],
    "E025": [
        lambda: with_action("leave", text=()),
        lambda: with_action("leave", text=("%(actor)s left.", " ")),
        lambda: with_state("asking", inactivity=Deadline(after=timedelta(1), system_action=replace(EXPIRED, text=()))),
        lambda: replace(WHOLE, openings=(replace(OPENING, text=()),)),
        lambda: replace(WHOLE, operator_texts=replace(WHOLE.operator_texts, paused=())),
        lambda: replace(WHOLE, reminder_text=()),
    ],
    "E026": [
        lambda: with_action("leave", text=("%(reason)s",)),
        lambda: with_action("leave", text=("%(actor)s left.", "%(reason)s")),
        lambda: with_state("asking", subtitle="The price is %(price)s."),
        lambda: with_state("asking", title="%(title)s"),
        lambda: replace(WHOLE, openings=(replace(OPENING, text=("About %(title)s",)),)),
        lambda: with_action("leave", summary="%(actor)s left: %(reason)s"),
        lambda: with_action("offer", summary="%(actor)s offers %(title)s"),
        lambda: with_state("answering", system_actions=(replace(ON, summary="%(actor)s goes on"),)),
        lambda: replace(WHOLE, openings=(replace(OPENING, summary="About %(title)s"),)),
        lambda: replace(WHOLE, operator_texts=replace(WHOLE.operator_texts, closed_summary="%(reason)s")),
    ],
    "E027": [
        lambda: with_action("leave", label=" "),
        lambda: with_action("offer", inputs=(replace(PRICE, label=""),)),
    ],
    "E028": [lambda: with_state("asking", title=""), lambda: with_state("answering", subtitle=" ")],
    "E029": [lambda: with_action("accept_offer", effect=Effect.OPEN_PAYMENT)],
    "E030": [lambda: with_state("answering", stage=None), lambda: with_state("closed", stage=None)],
    "E031": [
        lambda: with_state("answering", stage=Stage("pricing", " ")),
        lambda: with_state("talking", stage=Stage("", "Over")),
        lambda: with_state("answering", stage=Stage("pricing", "Prices")),
    ],
    "E032": [
        lambda: with_action("leave", summary=""),
        lambda: with_state("answering", system_actions=(replace(ON, summary=" "),)),
        lambda: with_state(
            "asking", inactivity=Deadline(after=timedelta(1), system_action=replace(EXPIRED, summary=""))
        ),
        lambda: with_new(following(replace(ON, summary="")), base=OR_ELSE),
        lambda: replace(WHOLE, openings=(replace(OPENING, summary=""),)),
        lambda: replace(WHOLE, operator_texts=replace(WHOLE.operator_texts, resumed_summary="")),
    ],
    "E033": [
        lambda: with_more("answering", replace(LEAVE, name="withdraw", effect=Effect.WITHDRAW_REQUEST)),
        lambda: with_more("asking", replace(LEAVE, name="x", roles=(BRAND_OWNER,), effect=Effect.WITHDRAW_REQUEST)),
        lambda: with_more("talking", replace(LEAVE, name="x", roles=(BRAND_OWNER,), effect=Effect.WITHDRAW_REQUEST)),
    ],
    "E034": [
        lambda: with_new(
            replace(
                ANSWERING,
                name="countered",
                awaiting=INFLUENCER,
                actions=(ACCEPT, replace(WITHDRAW, outcomes=(Outcome("closed"),))),
            ),
            base=with_more(
                "answering", replace(OFFER, name="counter", roles=(INFLUENCER,), outcomes=(Outcome("countered"),))
            ),
        )
    ],
    "E035": [
        lambda: interrupted(system_actions=(LOST,)),
        lambda: interrupted(system_actions=(LOST, WON, replace(WON, to="asking"))),
    ],
    "E036": [
        lambda: interrupted(replace(LOST, to="waiting")),
        lambda: interrupted(actions=(replace(LEAVE, name="stop", roles=(BRAND_OWNER,)),)),
    ],
}
CASES = [(fault, broken) for fault, flows in BROKEN.items() for broken in flows]


def test_a_complete_flow_has_no_problem():
    assert problems(WHOLE) == []
    assert problems(with_more("answering", WITHDRAW)) == []
    assert problems(interrupted()) == []
    assert problems(with_state("answering", inactivity=NoDeadline())) == []


@pytest.mark.parametrize("flow", BUILT_IN, ids=lambda flow: f"{flow.name}-{flow.version}")
def test_the_flows_of_this_project_have_no_problem(flow):
    assert problems(flow) == []


@pytest.mark.parametrize(("fault", "broken"), CASES, ids=[fault for fault, _ in CASES])
def test_each_broken_flow_has_exactly_one_problem(fault, broken):
    found = problems(broken())
    assert {problem.id for problem in found} == {fault}
    assert all(problem.where and problem.message for problem in found)


def test_missing_parts_are_named():
    (fault,) = problems(with_state("answering", stage=None))
    assert (fault.where, fault.message) == ("answering", "has no stage")
    (fault,) = problems(with_action("leave", summary=""))
    assert (fault.where, fault.message) == ("talking.leave", "has no summary for the history")


def test_a_cycle_of_automatic_transitions_is_also_a_trap():
    assert {problem.id for problem in problems(going_round())} == {"E005", "E023"}


def test_an_unknown_awaited_role_is_a_problem():
    stranger = with_state("answering", awaiting=Role.PARTICIPANT)
    assert {problem.id for problem in problems(stranger)} == {"E008", "E009", "E011"}


def test_the_system_check_reports_every_problem(monkeypatch):
    assert checks.check_flows() == []
    assert all_flows()
    monkeypatch.setattr(checks, "all_flows", lambda: (WHOLE, replace(WHOLE, initial="nowhere")))
    (error,) = checks.check_flows()
    assert error.id == "conversations.E001"
    assert error.is_serious()
    assert "nowhere" in error.msg
    assert problems(replace(WHOLE, initial="nowhere")) == [
        FlowProblem("E001", "sale", "begins in 'nowhere', which is not one of its states")
    ]
