"""The states of the deal from an agreed project to an agreed price."""

from django.utils.translation import gettext_lazy as _

from conversations.flows.deal import stages
from conversations.flows.deal.parts import (
    ACCEPT,
    BY_BRAND_OWNER,
    BY_INFLUENCER,
    CLOSED,
    OTHER_PRICE,
    PRICE,
    REASON,
    REASON_TEXT,
    REJECT,
    SAME_PRICE,
    closes_after,
)
from conversations.flows.definitions import Action, ActionAlias, Outcome, Role, State
from conversations.flows.kinds import Effect, Guard

_NO_ROUNDS_LEFT = _("No round of negotiation is left, so this conversation is closed.")

BRAND_OWNER_PRICING = State(
    name="brand_owner_pricing",
    stage=stages.PRICE,
    awaiting=Role.BRAND_OWNER,
    title=_("Price offer"),
    subtitle=_("Offer %(influencer)s a price for the project."),
    inactivity=closes_after(days=7),
    actions=(
        Action(
            name="send_price_offer",
            roles=BY_BRAND_OWNER,
            label=_("Send offer"),
            inputs=(PRICE,),
            text=(_("%(brand_owner)s offers %(price)s."),),
            summary=_("%(brand_owner)s offered a price"),
            outcomes=(Outcome("influencer_price_response"),),
            effect=Effect.OFFER,
        ),
    ),
)

INFLUENCER_PRICE_RESPONSE = State(
    name="influencer_price_response",
    stage=stages.PRICE,
    awaiting=Role.INFLUENCER,
    title=_("Price offer: %(price)s"),
    subtitle=_("Accept the price, decline it, or negotiate."),
    inactivity=closes_after(days=3),
    actions=(
        Action(
            name="accept_price",
            roles=BY_INFLUENCER,
            label=_("Accept price"),
            style="success",
            inputs=(SAME_PRICE,),
            text=(_("%(influencer)s accepted the price of %(price)s."),),
            summary=_("%(influencer)s accepted the price"),
            outcomes=(Outcome("payment_pending"),),
            effect=Effect.ACCEPT_OFFER,
            aliases=(ACCEPT,),
        ),
        Action(
            name="reject_price",
            roles=BY_INFLUENCER,
            label=_("Decline price"),
            style="danger",
            text=(_("%(influencer)s declined the price of %(price)s."),),
            summary=_("%(influencer)s declined the price"),
            outcomes=CLOSED,
            aliases=(REJECT,),
        ),
        Action(
            name="negotiate_price",
            roles=BY_INFLUENCER,
            label=_("Negotiate"),
            style="secondary",
            text=(_("%(influencer)s would like to negotiate the price of %(price)s."),),
            summary=_("%(influencer)s asked to negotiate"),
            outcomes=(Outcome("brand_owner_negotiation", Guard.ROUNDS_LEFT),),
        ),
    ),
)

BRAND_OWNER_NEGOTIATION = State(
    name="brand_owner_negotiation",
    stage=stages.PRICE,
    awaiting=Role.BRAND_OWNER,
    title=_("Negotiation requested"),
    subtitle=_("%(influencer)s would like to negotiate. Rounds left: %(rounds_left)s."),
    inactivity=closes_after(days=3),
    actions=(
        Action(
            name="agree_negotiation",
            roles=BY_BRAND_OWNER,
            label=_("Negotiate"),
            style="success",
            text=(_("%(brand_owner)s agreed to negotiate."),),
            summary=_("%(brand_owner)s agreed to negotiate"),
            outcomes=(Outcome("influencer_price_input"),),
            aliases=(ACCEPT, ActionAlias("handle_negotiation", "agree")),
        ),
        Action(
            name="reject_negotiation",
            roles=BY_BRAND_OWNER,
            label=_("Decline"),
            style="danger",
            inputs=(REASON,),
            text=(_("%(brand_owner)s declined to negotiate."), REASON_TEXT),
            summary=_("%(brand_owner)s declined to negotiate"),
            outcomes=CLOSED,
            aliases=(REJECT, ActionAlias("handle_negotiation", "reject")),
        ),
    ),
)

INFLUENCER_PRICE_INPUT = State(
    name="influencer_price_input",
    stage=stages.PRICE,
    awaiting=Role.INFLUENCER,
    title=_("Your price"),
    subtitle=_("The last offer is %(price)s. Rounds left: %(rounds_left)s."),
    inactivity=closes_after(days=3),
    actions=(
        Action(
            name="send_counter_offer",
            roles=BY_INFLUENCER,
            label=_("Send counter-offer"),
            inputs=(OTHER_PRICE,),
            text=(_("%(influencer)s makes a counter-offer of %(price)s."),),
            summary=_("%(influencer)s made a counter-offer"),
            outcomes=(Outcome("brand_owner_price_response"),),
            effect=Effect.COUNTER_OFFER,
        ),
    ),
)

BRAND_OWNER_PRICE_RESPONSE = State(
    name="brand_owner_price_response",
    stage=stages.PRICE,
    awaiting=Role.BRAND_OWNER,
    title=_("Counter-offer: %(price)s"),
    subtitle=_("Accept it, decline it, or make a final offer. Rounds left: %(rounds_left)s."),
    inactivity=closes_after(days=3),
    actions=(
        Action(
            name="accept_counter_offer",
            roles=BY_BRAND_OWNER,
            label=_("Accept counter-offer"),
            style="success",
            text=(_("%(brand_owner)s accepted the counter-offer of %(price)s."),),
            summary=_("%(brand_owner)s accepted the counter-offer"),
            outcomes=(Outcome("payment_pending"),),
            effect=Effect.ACCEPT_OFFER,
            aliases=(ACCEPT,),
        ),
        Action(
            name="reject_counter_offer",
            roles=BY_BRAND_OWNER,
            label=_("Decline counter-offer"),
            style="danger",
            text=(_("%(brand_owner)s declined the counter-offer of %(price)s."),),
            summary=_("%(brand_owner)s declined the counter-offer"),
            outcomes=(
                Outcome("influencer_price_input", Guard.ROUNDS_LEFT),
                Outcome("chat_closed", text=(_NO_ROUNDS_LEFT,)),
            ),
            aliases=(REJECT,),
        ),
        Action(
            name="make_final_offer",
            roles=BY_BRAND_OWNER,
            label=_("Make a final offer"),
            style="secondary",
            inputs=(PRICE,),
            text=(_("%(brand_owner)s makes a final offer of %(price)s."),),
            summary=_("%(brand_owner)s made a final offer"),
            outcomes=(Outcome("influencer_final_response"),),
            effect=Effect.FINAL_OFFER,
        ),
    ),
)

INFLUENCER_FINAL_RESPONSE = State(
    name="influencer_final_response",
    stage=stages.PRICE,
    awaiting=Role.INFLUENCER,
    title=_("Final offer: %(price)s"),
    subtitle=_("Accept the final offer, or end the conversation."),
    inactivity=closes_after(days=3),
    actions=(
        Action(
            name="accept_final_offer",
            roles=BY_INFLUENCER,
            label=_("Accept final offer"),
            style="success",
            text=(_("%(influencer)s accepted the final offer of %(price)s."),),
            summary=_("%(influencer)s accepted the final offer"),
            outcomes=(Outcome("payment_pending"),),
            effect=Effect.ACCEPT_OFFER,
            aliases=(ACCEPT,),
        ),
        Action(
            name="reject_final_offer",
            roles=BY_INFLUENCER,
            label=_("Decline final offer"),
            style="danger",
            inputs=(REASON,),
            text=(_("%(influencer)s declined the final offer of %(price)s."), REASON_TEXT),
            summary=_("%(influencer)s declined the final offer"),
            outcomes=CLOSED,
            aliases=(REJECT,),
        ),
    ),
)

STATES = (
    BRAND_OWNER_PRICING,
    INFLUENCER_PRICE_RESPONSE,
    BRAND_OWNER_NEGOTIATION,
    INFLUENCER_PRICE_INPUT,
    BRAND_OWNER_PRICE_RESPONSE,
    INFLUENCER_FINAL_RESPONSE,
)
