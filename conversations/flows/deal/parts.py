"""Parts that several states of the deal use."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from conversations.flows.definitions import ActionAlias, Deadline, Input, Outcome, Role, SystemAction
from conversations.flows.kinds import InputKind, PriceRule

BY_BRAND_OWNER, BY_INFLUENCER = (Role.BRAND_OWNER,), (Role.INFLUENCER,)
ACCEPT, REJECT = ActionAlias("accept"), ActionAlias("reject")
CLOSED = (Outcome("chat_closed", text=(_("This conversation is closed."),)),)
LONG_TEXT = 5_000

REASON = Input(id="reason", kind=InputKind.TEXT, label=_("Reason"), required=False, max_length=500)
REASON_TEXT = _("Reason: %(reason)s")

DETAILS = Input(id="details", kind=InputKind.TEXTAREA, label=_("Project details"), max_length=LONG_TEXT)
FEEDBACK = Input(id="feedback", kind=InputKind.TEXTAREA, label=_("What should change"), max_length=LONG_TEXT)

PRICE = Input(id="price", kind=InputKind.PRICE, label=_("Price"))
OTHER_PRICE = Input(id="price", kind=InputKind.PRICE, label=_("Your price"), price_rule=PriceRule.DIFFERENT)
SAME_PRICE = Input(id="price", kind=InputKind.PRICE, label=_("Price"), required=False, price_rule=PriceRule.ECHO)

WORK = (
    Input(id="deliverables", kind=InputKind.TEXTAREA, label=_("Deliverables"), max_length=LONG_TEXT),
    Input(id="description", kind=InputKind.TEXTAREA, label=_("Description"), max_length=LONG_TEXT),
    Input(id="notes", kind=InputKind.TEXTAREA, label=_("Notes"), required=False, max_length=LONG_TEXT),
    Input(id="attachments", kind=InputKind.FILES, label=_("Attachments"), required=False, max_items=10),
)
WORK_TEXT = (
    _("Deliverables: %(deliverables)s"),
    _("Description: %(description)s"),
    _("Notes: %(notes)s"),
)


def closes_after(days: int) -> Deadline:
    text = (_("There was no answer in time, so this conversation is closed."),)
    summary = _("Closed, as there was no answer in time")
    expired = SystemAction(name="expired", to="chat_closed", text=text, summary=summary)
    return Deadline(after=timedelta(days=days), system_action=expired)
