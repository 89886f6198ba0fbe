"""Two parties that play a deal through the REST API."""

from typing import Any

from faults.clients.persistent_client import PersistentClient
from tests.harness.people import Account

PRICE = "1000.00"
WORK = {"deliverables": "Three reels", "description": "As agreed"}
TO_PAYMENT = (
    ("influencer", "accept_connection", {}),
    ("brand_owner", "send_project_details", {"details": "Three reels about tea"}),
    ("influencer", "accept_project", {}),
    ("brand_owner", "send_price_offer", {"price": PRICE}),
    ("influencer", "accept_price", {}),
)
TO_WORK = (("influencer", "start_work", {}),)
TO_THE_END = (*TO_WORK, ("influencer", "submit_work", WORK), ("brand_owner", "approve_work", {}))
STEPS = {"payment_pending": (), "work_in_progress": TO_WORK, "real_time": TO_THE_END}
"""The actions that lead from the payment to a state."""


class DealClient:
    """A deal of two parties. Every action is repeated with the same `state_version` until a server answers."""

    def __init__(self, client: PersistentClient, brand_owner: Account, influencer: Account) -> None:
        self._client = client
        self.parties = {"brand_owner": brand_owner, "influencer": influencer}
        self.conversation_id = self.order_id = ""

    async def play_to_payment(self) -> None:
        """Open a deal, agree on a price, and open the order."""
        body = {"conversation_type": "bid", "influencer_id": self.parties["influencer"].id, "currency": "INR"}
        opened = await self._client.call("POST", "/api/conversations", person=self.parties["brand_owner"], json=body)
        self.conversation_id = opened["conversation"]["id"]
        await self.play(TO_PAYMENT)
        answer = await self._act("brand_owner", "proceed_to_payment", {}, await self.read())
        self.order_id = answer["payment"]["order_id"]

    async def play(self, steps: tuple[tuple[str, str, dict[str, str]], ...]) -> None:
        conversation = await self.read()
        for role, action, data in steps:
            conversation = (await self._act(role, action, data, conversation))["conversation"]

    async def _act(self, role: str, action: str, data: dict[str, str], conversation: dict[str, Any]) -> dict[str, Any]:
        body = {"action": action, "data": data, "state_version": conversation["state_version"]}
        path = f"/api/conversations/{self.conversation_id}/actions"
        return await self._client.call("POST", path, person=self.parties[role], json=body)

    async def read(self) -> dict[str, Any]:
        return (await self._get(""))["conversation"]

    async def read_payment(self) -> dict[str, Any]:
        return (await self._get("/deal"))["deal"]

    async def read_system_messages(self) -> list[str]:
        """Return the texts of the system messages, oldest first."""
        rows = (await self._get("/messages?limit=200"))["results"]
        return [row["message"] for row in sorted(rows, key=lambda row: row["seq"]) if row["message_type"] == "system"]

    async def _get(self, path: str) -> dict[str, Any]:
        person = self.parties["brand_owner"]
        return await self._client.call("GET", f"/api/conversations/{self.conversation_id}{path}", person=person)
