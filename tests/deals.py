"""Plays deals up to the state in which a test begins."""

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from conversations.models import Conversation
from deals.actions import take_action
from deals.models import PaymentOrder
from deals.opening import open_conversation_as
from deals.payments.sandbox_payments import pay_in_sandbox
from deals.requests import ActionRequest, OpenConversationRequest
from deals.transitions import AppliedAction
from tests.factories import make_user

WORK = {"deliverables": "Three reels", "description": "As agreed"}

PATH = (
    ("influencer_responding", "accept_connection", None),
    ("brand_owner_details", "send_project_details", {"details": "Three reels about tea"}),
    ("influencer_reviewing", "accept_project", None),
    ("brand_owner_pricing", "send_price_offer", {"price": "1000.00"}),
    ("influencer_price_response", "negotiate_price", None),
    ("brand_owner_negotiation", "agree_negotiation", None),
    ("influencer_price_input", "send_counter_offer", {"price": "1500.00"}),
    ("brand_owner_price_response", "make_final_offer", {"price": "1200.00"}),
    ("influencer_final_response", "accept_final_offer", None),
    ("payment_pending", "pay", None),
    ("payment_completed", "start_work", None),
    ("work_in_progress", "submit_work", WORK),
    ("work_submitted", "request_revision", {"feedback": "Louder, please"}),
    ("work_revision_requested", "resubmit_work", WORK),
    ("work_submitted", "approve_work", None),
    ("real_time", "close_conversation", None),
)
"""A path through every state: the state, the action and its data."""


@dataclass
class Deal:
    """A conversation of a brand owner with an influencer."""

    conversation: Conversation
    brand_owner: User
    influencer: User

    @property
    def now(self) -> Conversation:
        self.conversation.refresh_from_db()
        return self.conversation

    @property
    def awaited(self) -> User:
        return self.brand_owner if self.now.awaiting_role == "brand_owner" else self.influencer

    def act(
        self, action: str, data: Any = None, *, by: User | None = None, state_version: int | None = None
    ) -> AppliedAction:
        """Take an action, as the awaited role unless another role is passed."""
        given = ActionRequest(action=action, data=data, state_version=state_version)
        return take_action(user=by or self.awaited, conversation_id=self.conversation.pk, data=given)

    def order(self) -> PaymentOrder:
        """Return the payment order, and open it first if necessary."""
        return self.act("proceed_to_payment").order

    def pay(self) -> None:
        """Report through the sandbox that the order was paid."""
        pay_in_sandbox(user=self.brand_owner, order_id=self.order().pk, kind="payment.succeeded")

    def play_to(self, state: str) -> "Deal":
        """Continue along `PATH` until the conversation is in this state."""
        for where, action, data in PATH:
            if self.now.flow_state == state:
                return self
            if self.conversation.flow_state == where:
                self.pay() if action == "pay" else self.act(action, data)
        if self.now.flow_state != state:
            raise LookupError(f"{state} is not ahead of the current state")
        return self


def open_deal(conversation_type: str = "bid", **given: Any) -> Deal:
    brand_owner, influencer = make_user("brand_owner"), make_user("influencer")
    wanted = OpenConversationRequest(conversation_type=conversation_type, influencer_id=str(influencer.pk), **given)
    conversation = open_conversation_as(opener=brand_owner, data=wanted).conversation
    return Deal(conversation, brand_owner, influencer)


def make_deal(state: str = "influencer_responding", **given: Any) -> Deal:
    """Create a deal in any state of `PATH`."""
    return open_deal(**given).play_to(state)
