"""Random walks through the deal with legal and illegal actions: only the table's transitions happen."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from conversations.flows import (
    Facts,
    Role,
    Timing,
    action_data,
    available_actions,
    decide,
    get_flow,
    opening,
)
from conversations.flows.definitions import StateKind
from conversations.flows.simulation import Simulation
from foundation.errors import DomainError
from tests.unit.conversations.flows.deal_table import ACTIONS, DATA, INTERRUPTED, OLD_NAMES, WITHDRAWALS, parsed_diagram

DEAL = get_flow("deal", 2)
PARTIES = st.sampled_from(DEAL.parties)
PRICES = st.integers(1, 9_999_999_999).map(lambda minor: f"{minor // 100}.{minor % 100:02d}")
ALLOWED = parsed_diagram()
ANY_DATA = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(["price", "details", "deliverables", "description", "feedback", "reason", "action"]),
        st.one_of(st.text(max_size=5), PRICES, st.none(), st.integers(), st.lists(st.integers(), max_size=1)),
    ),
)


def valid(field: dict, data: st.DataObject) -> object:
    if field["type"] == "number":
        return data.draw(PRICES)
    return data.draw(st.sampled_from(["a", "long " * 10, "%(price)s <b>"]))


class Deal(RuleBasedStateMachine):
    """Keeps its own counts and compares them with the engine's."""

    def __init__(self) -> None:
        super().__init__()
        facts = Facts(brand_owner="Acme", influencer="Asha", title="Shoes", proposed=100_000)
        self.game = Simulation(DEAL, "bid", facts)
        self.counters = self.revisions = self.withdrawn = 0
        self.offers: list[str] = []
        self.interrupted: str | None = None

    def attempt(self, role, action, data=None, *, state_version=None) -> bool:
        before = (self.game.state, self.game.facts, len(self.game.decisions))
        try:
            decision = self.game.act(role, action, data, state_version=state_version)
        except DomainError:
            assert before == (self.game.state, self.game.facts, len(self.game.decisions))
            return False
        self.check(before[0], before[1], decision)
        return True

    def check(self, state, facts, decision) -> None:
        path = [state, *(step.after.flow_state for step in decision.state_changes)]
        for source, target, step in zip(path, path[1:], decision.state_changes, strict=False):
            from_outside = step.reason in {"paused", "resumed", "closed_by_operator"}
            assert from_outside or (source, target, step.reason) in ALLOWED
            assert source != "chat_closed"
        assert decision.facts.state_version == facts.state_version + len(decision.state_changes)
        self.counters += decision.action == "send_counter_offer"
        self.revisions += decision.action == "request_revision"
        self.check_interruption(state, decision)
        self.check_money(decision)

    def check_interruption(self, state, decision) -> None:
        if decision.action == "dispute_opened":
            assert state in INTERRUPTED
            self.interrupted = state
        elif decision.action == "dispute_won":
            assert decision.conversation_state.flow_state == self.interrupted
        if self.game.state != "payment_disputed":
            self.interrupted = None
        assert decision.facts.interrupted_state == self.interrupted

    def check_money(self, decision) -> None:
        self.withdrawn += decision.action == "withdraw_offer"
        if decision.withdrawn:
            assert decision.withdrawn.price == self.offers.pop()
        if decision.offer:
            assert decision.data["price"] == decision.offer.price
            self.offers.append(decision.offer.price)
        for offer in (decision.accepted, decision.payment):
            assert offer is None or offer.price == self.offers[-1]

    @rule(data=st.data(), moves=st.integers(1, 5), kindly=st.sampled_from([True, True, True, False]))
    def the_parties_take_available_actions(self, data, moves, kindly):
        for _ in range(moves):
            self.take_an_offered_move(data, kindly=kindly)

    def take_an_offered_move(self, data, *, kindly) -> None:
        offered = [
            (role, action)
            for role in DEAL.parties
            for action in available_actions(DEAL, self.game.state, self.game.facts, role)
            if not (kindly and action["action"].startswith(("reject", "close", "withdraw_request")))
        ]
        if not offered:
            return
        role, taken = data.draw(st.sampled_from(offered))
        sent = {
            field["id"]: valid(field, data)
            for field in taken["inputs"]
            if field["required"] and field["type"] != "files"
        }
        repeats = taken["action"] == "send_counter_offer" and sent["price"] == self.offers[-1]
        assert self.attempt(role, taken["action"], sent, state_version=taken["state_version"]) is not repeats

    @rule(role=PARTIES, action=st.sampled_from(ACTIONS + OLD_NAMES), sent=ANY_DATA)
    def a_party_tries_anything(self, role, action, sent):
        self.attempt(role, action, sent)

    @rule(role=PARTIES, action=st.sampled_from(ACTIONS), back=st.integers(1, 5))
    def an_outdated_button_does_nothing(self, role, action, back):
        assert not self.attempt(role, action, state_version=self.game.facts.state_version - back)

    @rule(role=PARTIES, name=st.text(max_size=12))
    def an_unknown_name_does_nothing(self, role, name):
        if name not in ACTIONS + OLD_NAMES:
            assert not self.attempt(role, name)

    @precondition(lambda self: self.game.state == "payment_pending")
    @rule()
    def a_payment_arrives_paused_or_not(self):
        assert self.attempt(Role.SYSTEM, "payment_verified")

    @rule(name=st.sampled_from(["dispute_opened", "dispute_opened", "dispute_won", "dispute_won", "dispute_lost"]))
    def a_dispute_is_reported(self, name):
        is_possible = (self.game.state, name) in {(source, reason) for source, _, reason in ALLOWED}
        assert self.attempt(Role.SYSTEM, name) is is_possible

    @precondition(lambda self: len(self.game.decisions) > 12)
    @rule(system_action=st.sampled_from(["payment_verified", "expired", "approved_automatically", "remind"]))
    def the_system_tries_anything(self, system_action):
        was_paused = self.game.facts.paused
        if self.attempt(Role.SYSTEM, system_action) and system_action != "payment_verified":
            assert not was_paused
            assert self.game.last.timing is (Timing.REMINDED if system_action == "remind" else Timing.RESTART)

    @rule(action=st.sampled_from(["pause", "resume", "resume", "resume"]))
    def an_operator_steps_in(self, action):
        self.attempt(Role.OPERATOR, action)

    @precondition(lambda self: len(self.game.decisions) > 20)
    @rule()
    def an_operator_closes(self):
        was_open = self.game.state != "chat_closed"
        assert self.attempt(Role.OPERATOR, "close") is was_open
        assert self.game.state == "chat_closed"

    @invariant()
    def only_the_awaited_role_has_a_prompt(self):
        last = self.game.last
        stands = last.conversation_state.awaiting_role is not None and not last.facts.paused
        assert (last.action_data is not None) is stands
        assert last.action_data == action_data(DEAL, self.game.state, self.game.facts)
        for role in DEAL.parties:
            offered = available_actions(DEAL, self.game.state, self.game.facts, role)
            may_act = stands and role == last.conversation_state.awaiting_role
            withdrawals = [one for one in offered if one["action"] in WITHDRAWALS]
            assert not (may_act and withdrawals)
            assert bool(offered) is (may_act or bool(withdrawals) or self.game.state == "real_time")

    @invariant()
    def counts_and_limits_hold(self):
        facts = self.game.facts
        assert (facts.rounds_used, facts.revisions_used) == (self.counters, self.revisions)
        assert facts.offers_withdrawn == self.withdrawn <= DEAL.rounds
        assert (facts.last_offer and facts.last_offer.price) == (self.offers[-1] if self.offers else None)
        assert self.counters <= DEAL.rounds
        assert self.revisions <= DEAL.revisions

    @invariant()
    def shown_state_equals_stored_state(self):
        conversation_state = self.game.last.conversation_state
        paused = self.game.facts.paused
        assert conversation_state.chat_status == ("real_time" if paused else DEAL.state(self.game.state).chat_status)
        assert not (paused and conversation_state.automation_enabled)


TestDeal = Deal.TestCase
TestDeal.settings = settings(stateful_step_count=60)


def decisions_from(decision):
    """Return every decision that can follow, by the parties and by the system."""
    state, facts = decision.conversation_state.flow_state, decision.facts
    for role in DEAL.parties:
        for offered in available_actions(DEAL, state, facts, role):
            data = dict(DATA.get(offered["action"], {}))
            if "price" in data:
                data["price"] = f"{1000 + facts.state_version}"
            yield decide(DEAL, state, facts, role, offered["action"], data)
    if DEAL.state(state).kind is StateKind.GUIDED:
        for name in {one.name for one in DEAL.state(state).all_system_actions()}:
            yield decide(DEAL, state, facts, Role.SYSTEM, name)


def test_walking_every_path_uses_exactly_the_edges_of_the_table():
    first = opening(DEAL, "bid", Facts())
    seen, news, taken = set(), [first], set()
    while news:
        decision = news.pop()
        facts = decision.facts
        used = (facts.rounds_used, facts.revisions_used, facts.offers_withdrawn, facts.interrupted_state)
        place = (decision.conversation_state.flow_state, *used)
        taken |= {(s.before.flow_state, s.after.flow_state, s.reason) for s in decision.state_changes if s.before}
        if place not in seen:
            seen.add(place)
            news.extend(decisions_from(decision))
    assert taken == ALLOWED
