"""The deal: from first contact through a negotiated price and payment to approved work, then free chat.

Bid and campaign conversations share this flow; only their opening texts differ. A released version is never changed,
because running conversations keep their version. Every change is a new version next to the old version.
"""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from conversations.flows.deal import contact, negotiation, refunds, withdrawals, work
from conversations.flows.deal.parts import REASON_TEXT
from conversations.flows.definitions import Flow, Opening, OperatorTexts, Role

_TITLE = _("About: %(title)s")
_OPENED = _("%(brand_owner)s made the request")
_PROPOSED = _("Proposed amount (not binding): %(proposed)s")

DEAL_1 = Flow(
    name="deal",
    version=1,
    parties=(Role.BRAND_OWNER, Role.INFLUENCER),
    opened_by=Role.BRAND_OWNER,
    openings=(
        Opening(
            conversation_type="bid",
            summary=_OPENED,
            text=(_("%(brand_owner)s would like to work with you on a bid."), _TITLE, _PROPOSED),
        ),
        Opening(
            conversation_type="campaign",
            summary=_OPENED,
            text=(_("%(brand_owner)s invites you to a campaign."), _TITLE, _PROPOSED),
        ),
    ),
    initial="influencer_responding",
    states=contact.STATES + negotiation.STATES + work.STATES,
    closed="chat_closed",
    rounds=3,
    revisions=3,
    operator_texts=OperatorTexts(
        paused=(
            _("An operator has paused the guided conversation. You can go on writing here."),
            REASON_TEXT,
        ),
        paused_summary=_("An operator paused the deal"),
        resumed=(_("The guided conversation goes on where it stopped."), REASON_TEXT),
        resumed_summary=_("The deal goes on"),
        closed=(_("An operator has closed this conversation."), REASON_TEXT),
        closed_summary=_("An operator closed the conversation"),
    ),
    reminder_text=(_("Reminder for %(awaited)s: %(prompt)s"),),
)

DEAL_2 = replace(DEAL_1, version=2, states=refunds.with_refunds(withdrawals.with_withdrawals(DEAL_1.states)))
"""Refunds and disputes change the state, and a party can withdraw what it waits for."""
