"""All events of one or two orders, in any order, repeated and late, with actions of the parties and operators, slow and
lost answers of the provider, and deadlines in between."""

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models import QuerySet
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from conversations.models import Transition
from deals.deadlines import run_deadlines
from deals.models import PaymentDecision, PaymentOrder, Refund
from deals.payments.decisions import keep_payment, refund_payment
from deals.payments.ledger import read_ledger
from deals.payments.sandbox import Sandbox
from deals.selectors import deal_summary
from foundation.clock import moved
from foundation.errors import DomainError
from messaging.models import Message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.apps.deals.payments.accounts import PRICE, Account, Happened, View
from tests.apps.deals.payments.money_texts import Known, account_of, untrue_part
from tests.deals import WORK, Deal, make_deal
from tests.factories import make_staff
from tests.harness.tasks import run_due_tasks
from tests.payments import (
    CANCELED,
    FAILED,
    LOST,
    OPENED,
    REFUND_FAILED,
    REFUNDED,
    SUCCEEDED,
    WON,
    make_refunds_due,
    report,
)

pytestmark = pytest.mark.django_db

WORKING = ("payment_completed", "work_in_progress", "work_submitted", "work_revision_requested")
PARTIES = {"start_work": None, "submit_work": WORK, "approve_work": None, "request_revision": {"feedback": "Louder"}}
APPROVALS = ("approve_work", "approved_automatically")
MOODS = ("well", "away", "deaf")
CHANCE = 0.6
"""Of what can happen at the end of an example."""
ANY = st.integers(0, 1_000)
PARTS = st.integers(1, PRICE)
EXAMPLES, LENGTH = 25, 30
"""The number of examples, and the steps of each, at most."""


def happenings(account: Account, part: int) -> Iterator[tuple[Any, ...]]:
    """Yield what can happen to an order at the provider: a kind, an amount and the id of a refund."""
    truth = account.truth
    if not truth.is_paid:
        yield (SUCCEEDED,)
        yield (SUCCEEDED,)
        yield (FAILED,)
    for amount in {min(part, account.left), account.left} - {0}:
        yield REFUNDED, amount, f"re_{len(account.happened)}"
    if truth.dispute == "open":
        yield (WON,)
        yield (LOST,)
    elif truth.dispute is None and account.left:
        yield (OPENED,)
    for made in account.standing[-1:]:
        yield REFUND_FAILED, made.minor, made.refund_id


def waiting_refunds(deal: Deal) -> QuerySet[Refund]:
    return Refund.objects.filter(order__conversation=deal.conversation, accepted_at=None, dropped_at=None)


def end_of(deal: Deal) -> tuple[Any, ...]:
    """Return all that must not depend on the order of arrival."""
    shown = deal_summary(deal.now)
    amounts = (shown.payment_status, shown.paid_amount, shown.refunded_amount, shown.dispute)
    undecided = PaymentOrder.objects.filter(conversation=deal.conversation, undecided_since__isnull=False)
    return amounts, deal.now.flow_state, undecided.exists()


class Payments(RuleBasedStateMachine):
    """Events happen at the provider (`accounts`) and arrive some time later. After each step, what both parties see is
    compared with the events that have arrived, and each new message with what was known when it was sent."""

    @initialize(has_actions=st.booleans(), has_two_orders=st.booleans(), seed=ANY)
    def begin(self, has_actions: bool, has_two_orders: bool, seed: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(Sandbox, "refund", self.provider)
        self.has_actions, self.rng = has_actions, random.Random(seed)
        self.deal, self.operator = make_deal("payment_pending"), make_staff()
        self.accounts = [Account(self.deal.order())]
        if has_two_orders:
            self.cancel_the_order()
        self.paid: list[Account] = []
        self.passed, self.mood = timedelta(), "well"
        self.seen = Message.objects.filter(conversation=self.deal.conversation).count()
        self.was_full: set[int] = set()
        self.decided_now, self.steps = "", 0

    def cancel_the_order(self) -> None:
        """Let the payer open another order. The first can still be paid."""
        (first,) = self.accounts
        canceled = first.happens(CANCELED)
        report(canceled.content())
        first.arrives(canceled)
        self.accounts.append(Account(self.deal.order()))

    def provider(self, refund: Refund) -> Any:
        (account,) = (one for one in self.accounts if one.order == refund.order)
        self.told = account
        return account.refund(refund.amount, refund.key, mood=self.mood)

    def step(self, do: Any, *, minutes: int = 1, decided: str = "") -> None:
        """Do something some time later, and check the messages that it sends."""
        self.passed += timedelta(minutes=minutes)
        self.steps += 1
        before = {id(one): one.view for one in self.accounts}
        for one in self.accounts:
            one.refused.clear()
        self.decided_now = decided
        self.told: Account | None = None
        with moved(self.passed), suppress(DomainError):
            do()
        for one in self.accounts:
            if one.view.is_paid and one not in self.paid:
                self.paid.append(one)
        self.check_messages(before)

    def check_messages(self, before: dict[int, View]) -> None:
        messages = Message.objects.filter(conversation=self.deal.conversation).order_by("seq")
        texts = [one.message for one in messages[self.seen :]]
        self.seen += len(texts)
        for text in texts:
            about = account_of(text, self.accounts, self.paid, self.told)
            failed = about.view.failed - before[id(about)].failed
            known = Known(self.deal, about.order, about.view, failed, about.refused, self.decided_now)
            assert untrue_part(text, known) is None, text

    def any_account(self, number: int) -> Account:
        return self.accounts[number % len(self.accounts)]

    # What happens at the provider

    @rule(which=ANY, choice=ANY, part=PARTS)
    def happen(self, which: int, choice: int, part: int) -> None:
        """Let something happen that is possible now. Its event arrives later."""
        account = self.any_account(which)
        possible = list(happenings(account, part))
        if possible:
            self.step(lambda: account.happens(*possible[choice % len(possible)]))

    @rule(mood=st.sampled_from(MOODS))
    def change_mood(self, mood: str) -> None:
        self.mood = mood

    # What arrives

    @precondition(lambda self: self.missing)
    @rule(which=ANY)
    def deliver(self, which: int) -> None:
        self.arrive(*self.missing[which % len(self.missing)])

    @precondition(lambda self: any(one.arrived for one in self.accounts))
    @rule(which=ANY)
    def deliver_again(self, which: int) -> None:
        arrived = [(one, event) for one in self.accounts for event in one.arrived]
        self.arrive(*arrived[which % len(arrived)])

    @property
    def missing(self) -> list[tuple[Account, Happened]]:
        return [(one, event) for one in self.accounts for event in one.happened if event not in one.arrived]

    def arrive(self, account: Account, event: Happened) -> None:
        def arrives() -> None:
            self.told = account
            account.arrives(event)
            if account.view.refunded >= PRICE and account is self.accounts[-1]:
                self.was_full.add(id(account))
            report(event.content())

        self.step(arrives)

    @precondition(lambda self: waiting_refunds(self.deal).exists())
    @rule()
    def run_a_task(self) -> None:
        def run() -> None:
            make_refunds_due()
            run_due_tasks(limit=1)

        self.step(run)

    # What people do

    @precondition(lambda self: self.has_actions)
    @rule(action=st.sampled_from(sorted(PARTIES)))
    def act(self, action: str) -> None:
        by = self.deal.influencer if action in {"start_work", "submit_work"} else self.deal.brand_owner
        self.step(lambda: self.deal.act(action, PARTIES[action], by=by))

    @precondition(lambda self: self.has_actions)
    @rule(name=st.sampled_from(["refund a part", "refund all", "keep", "pause", "resume"]), which=ANY, part=PARTS)
    def operate(self, name: str, which: int, part: int) -> None:
        order = self.any_account(which).order
        match name:
            case "pause" | "resume":
                self.step(lambda: self.intervene(name))
            case "keep":
                self.step(lambda: keep_payment(operator=self.operator, order_id=order.pk), decided="keep")
            case _:
                amount = None if name == "refund all" else part
                refund = partial(refund_payment, operator=self.operator, order_id=order.pk, amount=amount)
                self.step(refund, decided="refund")

    @precondition(lambda self: self.has_actions and self.steps > LENGTH // 2)
    @rule(money=st.sampled_from([None, "keep", "refund"]))
    def close(self, money: str | None) -> None:
        self.step(lambda: self.intervene("close", money=money), decided=money or "")

    @precondition(lambda self: self.has_actions)
    @rule(hours=st.integers(1, 200))
    def wait(self, hours: int) -> None:
        self.step(run_deadlines, minutes=60 * hours)

    def intervene(self, action: str, **more: Any) -> None:
        data = InterventionRequest(**more)
        intervene(operator=self.operator, conversation_id=self.deal.conversation.pk, action=action, data=data)

    # What must be true

    @invariant()
    def amounts_add_up(self) -> None:
        for account in self.accounts:
            order = PaymentOrder.objects.select_related("offer").get(pk=account.order.pk)
            ledger = read_ledger(order)
            assert account.view.agrees(ledger), (account.view, ledger)
            assert 0 <= ledger.refunded <= ledger.paid <= PRICE
            waiting = order.refunds.filter(accepted_at=None, dropped_at=None)
            assert sum(one.amount for one in waiting) <= PRICE
            if account.view.is_paid and account.view.remaining == 0:
                assert order.undecided_since is None
                assert not waiting.exists()

    @invariant()
    def no_work_goes_on_without_its_money(self) -> None:
        conversation = self.deal.now
        current = [one for one in self.accounts if not PaymentOrder.objects.get(pk=one.order.pk).replaced][-1].view
        if conversation.flow_state in WORKING:
            assert current.is_paid
            assert current.remaining > 0
            assert current.dispute in (None, "won")
        is_disputed = conversation.flow_state == "payment_disputed"
        assert bool(conversation.deal.interrupted_state) == is_disputed
        if is_disputed:
            assert (current.dispute, conversation.due_at, conversation.awaiting_role) == ("open", None, None)

    def teardown(self) -> None:
        if hasattr(self, "deal"):
            try:
                self.end()
            finally:
                self.patch.undo()

    def end(self) -> None:
        """Let late payments and all that is missing arrive, in any order, and check the end."""
        if self.has_actions and self.rng.random() < CHANCE:
            self.intervene_at_last()
        for account in self.accounts:
            if not account.truth.is_paid and self.rng.random() < CHANCE:
                self.step(partial(account.happens, SUCCEEDED))
        while self.missing or waiting_refunds(self.deal).exists():
            self.mood = self.rng.choice(MOODS)
            if self.missing:
                self.arrive(*self.rng.choice(self.missing))
            else:
                self.run_a_task()
        for account in self.accounts:
            assert account.view == account.truth
            requested = {f"refund-{one.pk}": one.amount for one in Refund.objects.filter(order=account.order)}
            assert account.keys.items() <= requested.items()
        self.amounts_add_up()
        self.money_is_decided()
        if not self.has_actions and len(self.accounts) == 1 and not self.accounts[0].keys:
            self.order_of_arrival_changes_nothing()

    def intervene_at_last(self) -> None:
        money = self.rng.choice(["keep", "refund"])
        self.step(lambda: self.intervene("close", money=money), decided=money)

    def money_is_decided(self) -> None:
        """Check that somebody decides, or has decided, about money that no deal needs."""
        steps = Transition.objects.filter(conversation=self.deal.conversation)
        needs_it = self.deal.now.flow_state != "chat_closed" or steps.filter(action__in=APPROVALS).exists()
        for account in self.accounts:
            order = PaymentOrder.objects.get(pk=account.order.pk)
            if account.view.remaining and (order.replaced or not needs_it):
                decided = order.decisions.exclude(outcome=PaymentDecision.Outcome.UNDECIDED)
                assert order.undecided_since is not None or decided.exists()

    def order_of_arrival_changes_nothing(self) -> None:
        """Compare the end with that of a deal to which the same events were sent as they happened."""
        (account,) = self.accounts
        other = make_deal("payment_pending")
        order = other.order()
        seen: list[Happened] = []
        for event in account.happened:
            seen.append(event)
            again = Happened(order, event.number, event.kind, event.at, event.minor, event.refund_id)
            report(again.content("again"))
        ends = end_of(self.deal), end_of(other)
        assert ends[0][0] == ends[1][0]
        # A failure that arrives late makes a deal end that would have gone on: nobody could know better.
        if not self.was_full or account.truth.was_refunded:
            assert ends[0] == ends[1]


def test_money_is_true_in_any_order_of_events_and_actions():
    limits = settings(
        max_examples=EXAMPLES,
        stateful_step_count=LENGTH,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to make a failure shorter takes minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Payments, settings=limits)
