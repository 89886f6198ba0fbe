"""The states of the deal from an agreed price to approved work and free chat.

A released version is never changed (see `flow`).
"""

from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from conversations.flows.deal import stages
from conversations.flows.deal.parts import (
    BY_BRAND_OWNER,
    BY_INFLUENCER,
    CLOSED,
    FEEDBACK,
    REASON,
    REASON_TEXT,
    WORK,
    WORK_TEXT,
    closes_after,
)
from conversations.flows.definitions import (
    Action,
    ChatStatus,
    Deadline,
    NoDeadline,
    Outcome,
    Reminders,
    Role,
    State,
    StateKind,
    SystemAction,
)
from conversations.flows.kinds import Effect, Guard

PAYMENT_PENDING = State(
    name="payment_pending",
    stage=stages.PAYMENT,
    awaiting=Role.BRAND_OWNER,
    title=_("Payment: %(price)s"),
    subtitle=_("Pay the agreed price so that %(influencer)s can start."),
    inactivity=closes_after(days=7),
    actions=(
        Action(
            name="proceed_to_payment",
            roles=BY_BRAND_OWNER,
            label=_("Proceed to payment"),
            effect=Effect.OPEN_PAYMENT,
        ),
    ),
    system_actions=(
        SystemAction(
            name="payment_verified",
            to="payment_completed",
            text=(_("The payment of %(price)s has arrived. %(influencer)s can start the work."),),
            summary=_("The payment arrived"),
        ),
    ),
)

PAYMENT_COMPLETED = State(
    name="payment_completed",
    stage=stages.WORK,
    awaiting=Role.INFLUENCER,
    chat_status=ChatStatus.REAL_TIME,
    title=_("Ready to start"),
    subtitle=_("The payment has arrived. Tell %(brand_owner)s that you start."),
    inactivity=Reminders(every=timedelta(days=1)),
    actions=(
        Action(
            name="start_work",
            roles=BY_INFLUENCER,
            label=_("Start work"),
            text=(_("%(influencer)s started the work."),),
            summary=_("%(influencer)s started the work"),
            outcomes=(Outcome("work_in_progress"),),
        ),
    ),
)

WORK_IN_PROGRESS = State(
    name="work_in_progress",
    stage=stages.WORK,
    awaiting=Role.INFLUENCER,
    chat_status=ChatStatus.REAL_TIME,
    title=_("Work in progress"),
    subtitle=_("Submit the work to %(brand_owner)s when it is done."),
    inactivity=Reminders(every=timedelta(days=3)),
    actions=(
        Action(
            name="submit_work",
            roles=BY_INFLUENCER,
            label=_("Submit work"),
            inputs=WORK,
            text=(_("%(influencer)s submitted the work."), *WORK_TEXT),
            summary=_("%(influencer)s submitted the work"),
            outcomes=(Outcome("work_submitted"),),
            effect=Effect.DELIVER,
        ),
    ),
)

WORK_SUBMITTED = State(
    name="work_submitted",
    stage=stages.WORK,
    awaiting=Role.BRAND_OWNER,
    chat_status=ChatStatus.REAL_TIME,
    title=_("Review the work"),
    subtitle=_("Revisions left: %(revisions_left)s. If you do not answer, the work is approved."),
    inactivity=Deadline(
        after=timedelta(days=7),
        system_action=SystemAction(
            name="approved_automatically",
            to="work_approved",
            text=(_("There was no answer in time, so the work is approved. You can go on chatting."),),
            summary=_("Approved, as there was no answer in time"),
        ),
    ),
    actions=(
        Action(
            name="approve_work",
            roles=BY_BRAND_OWNER,
            label=_("Approve work"),
            style="success",
            text=(_("%(brand_owner)s approved the work. You can go on chatting."),),
            summary=_("%(brand_owner)s approved the work"),
            outcomes=(Outcome("work_approved"),),
        ),
        Action(
            name="request_revision",
            roles=BY_BRAND_OWNER,
            label=_("Request a revision"),
            style="secondary",
            inputs=(FEEDBACK,),
            text=(_("%(brand_owner)s asks for a revision."), "%(feedback)s"),
            summary=_("%(brand_owner)s asked for a revision"),
            outcomes=(Outcome("work_revision_requested", Guard.REVISIONS_LEFT),),
            effect=Effect.REQUEST_REVISION,
        ),
        Action(
            name="reject_final_work",
            roles=BY_BRAND_OWNER,
            label=_("Reject the work"),
            style="danger",
            text=(_("%(brand_owner)s rejected the work."),),
            summary=_("%(brand_owner)s rejected the work"),
            outcomes=(replace(CLOSED[0], guard=Guard.NO_REVISIONS_LEFT),),
        ),
    ),
)

WORK_REVISION_REQUESTED = State(
    name="work_revision_requested",
    stage=stages.WORK,
    awaiting=Role.INFLUENCER,
    chat_status=ChatStatus.REAL_TIME,
    title=_("Revision requested"),
    subtitle=_("Submit the work again when it is revised."),
    inactivity=Reminders(every=timedelta(days=3)),
    actions=(
        Action(
            name="resubmit_work",
            roles=BY_INFLUENCER,
            label=_("Submit again"),
            inputs=WORK,
            text=(_("%(influencer)s submitted the revised work."), *WORK_TEXT),
            summary=_("%(influencer)s submitted the revision"),
            outcomes=(Outcome("work_submitted"),),
            effect=Effect.DELIVER,
        ),
    ),
)

WORK_APPROVED = State(
    name="work_approved",
    stage=stages.DONE,
    chat_status=ChatStatus.REAL_TIME,
    automatic_transition=SystemAction(name="free_chat_opened", to="real_time", summary=_("The chat is open")),
)

REAL_TIME = State(
    name="real_time",
    stage=stages.DONE,
    kind=StateKind.FREE,
    chat_status=ChatStatus.REAL_TIME,
    inactivity=NoDeadline(),
    actions=(
        Action(
            name="close_conversation",
            roles=BY_BRAND_OWNER + BY_INFLUENCER,
            label=_("Close conversation"),
            style="danger",
            inputs=(REASON,),
            text=(_("%(actor)s closed the conversation."), REASON_TEXT),
            summary=_("The conversation was closed"),
            outcomes=(Outcome("chat_closed"),),
        ),
    ),
)

CHAT_CLOSED = State(
    name="chat_closed",
    stage=stages.CLOSED,
    kind=StateKind.FINAL,
    chat_status=ChatStatus.CLOSED,
    accepts_text=False,
)

STATES = (
    PAYMENT_PENDING,
    PAYMENT_COMPLETED,
    WORK_IN_PROGRESS,
    WORK_SUBMITTED,
    WORK_REVISION_REQUESTED,
    WORK_APPROVED,
    REAL_TIME,
    CHAT_CLOSED,
)
