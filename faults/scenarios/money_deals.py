"""Plays the deals of the scenario `money`, and reads them at the end."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from faults.checker.money import ACCEPTED, PENDING, REFUSED, UNKNOWN, DealHistory, RefundCall, RefundRequest
from faults.clients.deal_client import STEPS, DealClient
from faults.clients.persistent_client import PersistentClient
from faults.clients.refund_desk import RefundDesk
from faults.clients.rest_client import ApiError
from faults.clients.sandbox_provider import SandboxProvider
from faults.people import People
from faults.scenarios.money_plans import PRICE, REFUNDED, Plan, as_event, price_text, webhook, webhooks
from tests.harness.people import Account

OUTCOMES = {True: ACCEPTED, False: REFUSED, None: UNKNOWN}


@dataclass(eq=False)
class MoneyDeals:
    """The deals of a run. `refund_log` is the file to which the servers' sandbox writes the refunds that it gets."""

    client: PersistentClient
    provider: SandboxProvider
    people: People
    operator: Account
    refund_log: Path
    played: list[tuple[DealClient, DealHistory]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What the servers refused although it was valid."""

    async def play(self, plan: Plan, stage: str, desk: RefundDesk) -> None:
        """Play a deal up to its payment, then send its events and request its refunds in a random order."""
        deal = DealClient(self.client, self._anyone("brand_owner"), self._anyone("influencer"))
        history = DealHistory(f"{plan.what} ({stage})", PRICE, stage)
        try:
            await deal.play_to_payment()
            self.played.append((deal, history))
            await self._receive_money(plan, deal, history, desk)
        except ApiError as error:
            self.refused.append(f"{history.name}: a valid request was refused: {error}")

    def _anyone(self, role: str) -> Account:
        return self.client.rng.choice([one for one in self.people.accounts if one.role == role])

    async def _receive_money(self, plan: Plan, deal: DealClient, history: DealHistory, desk: RefundDesk) -> None:
        contents = webhooks(plan, deal.order_id)
        history.events = [as_event(one) for one in contents]
        if plan.closes == "before the payment":
            await self._close(deal, history, PRICE, by_system=True)
        if history.stage != PENDING:
            await self.provider.deliver(contents[0])
            await deal.play(STEPS[history.stage])
        await self._in_random_order(contents, plan, deal, history, desk)
        if plan.closes == "with a refund":
            await self._close(deal, history, PRICE - sum(amount for _, amount, _ in plan.events), money="refund")
        await self._deliver_again(contents)

    async def _in_random_order(
        self, contents: list[dict[str, Any]], plan: Plan, deal: DealClient, history: DealHistory, desk: RefundDesk
    ) -> None:
        """Send the events and request the refunds, up to two at once."""
        rng = self.client.rng
        steps: list[dict[str, Any] | int] = [*contents, *plan.requests]
        rng.shuffle(steps)
        while steps:
            together = [steps.pop() for _ in range(min(len(steps), rng.randint(1, 2)))]
            events = [one for one in together if isinstance(one, dict)]
            async with asyncio.TaskGroup() as group:
                for one in events:
                    group.create_task(self.provider.deliver(one, copies=rng.randint(1, 3)))
                group.create_task(_request(desk, deal, history, [one for one in together if isinstance(one, int)]))
            await asyncio.sleep(rng.uniform(0, 0.5))

    async def _close(
        self, deal: DealClient, history: DealHistory, refunded: int, *, by_system: bool = False, **body: str
    ) -> None:
        """Close a deal as an operator. This makes the servers refund an amount, now or after the late payment."""
        path = f"/api/conversations/{deal.conversation_id}/close"
        try:
            await self.client.call("POST", path, person=self.operator, json=body)
        except ApiError as error:
            if error.code != "conversation_closed":  # else the response to an earlier attempt was lost
                raise
        history.closed_by_operator = True
        history.requests.append(RefundRequest(refunded, ACCEPTED, by_system))

    async def _deliver_again(self, contents: list[dict[str, Any]]) -> None:
        rng = self.client.rng
        for content in rng.sample(contents, rng.randint(0, len(contents))):
            await self.provider.deliver(content)

    def calls(self) -> list[dict[str, Any]]:
        """Return the refunds that the sandbox got, in their order. A key repeats if the call was repeated."""
        return [json.loads(line) for line in self.refund_log.read_text().splitlines()]

    async def announce_refunds(self) -> None:
        """Send an event about each refund that the sandbox got, as a provider does, until this is canceled."""
        announced: set[str] = set()
        while True:
            for call in self.calls():
                if call["key"] not in announced:
                    await self.provider.deliver(_announcement(call))
                    announced.add(call["key"])
            await asyncio.sleep(0.2)

    async def read(self) -> list[DealHistory]:
        """Return the histories of the deals, as the parties see them now."""
        calls = self.calls()
        for deal, history in self.played:
            history.calls = [RefundCall(one["key"], one["amount"]) for one in calls if one["order"] == deal.order_id]
            history.state = (await deal.read())["flow_state"]
            history.payment = await deal.read_payment()
            history.texts = await deal.read_system_messages()
        return [history for _, history in self.played]


async def _request(desk: RefundDesk, deal: DealClient, history: DealHistory, amounts: list[int]) -> None:
    """Request refunds one after another. A request is not repeated, because it would be another refund."""
    for amount in amounts:
        outcome = OUTCOMES[await desk.refund(deal.order_id, price_text(amount))]
        history.requests.append(RefundRequest(amount, outcome))


def _announcement(call: dict[str, Any]) -> dict[str, Any]:
    at = datetime.now(UTC)
    return webhook(call["order"], REFUNDED, call["amount"], call["key"], at=at, id=f"evt-{call['key']}")
