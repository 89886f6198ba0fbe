"""The states of the deal from first contact to an agreed project."""

from django.utils.translation import gettext_lazy as _

from conversations.flows.deal import stages
from conversations.flows.deal.parts import (
    ACCEPT,
    BY_BRAND_OWNER,
    BY_INFLUENCER,
    CLOSED,
    DETAILS,
    REASON,
    REASON_TEXT,
    REJECT,
    closes_after,
)
from conversations.flows.definitions import Action, ActionAlias, Outcome, Role, State

INFLUENCER_RESPONDING = State(
    name="influencer_responding",
    stage=stages.CONTACT,
    awaiting=Role.INFLUENCER,
    title=_("New request"),
    subtitle=_("%(brand_owner)s would like to connect with you."),
    inactivity=closes_after(days=7),
    actions=(
        Action(
            name="accept_connection",
            roles=BY_INFLUENCER,
            label=_("Accept"),
            style="success",
            text=(_("%(influencer)s accepted the connection."),),
            summary=_("%(influencer)s accepted the request"),
            outcomes=(Outcome("brand_owner_details"),),
            aliases=(ACCEPT,),
        ),
        Action(
            name="reject_connection",
            roles=BY_INFLUENCER,
            label=_("Decline"),
            style="danger",
            inputs=(REASON,),
            text=(_("%(influencer)s declined the connection."), REASON_TEXT),
            summary=_("%(influencer)s declined the request"),
            outcomes=CLOSED,
            aliases=(REJECT,),
        ),
    ),
)

BRAND_OWNER_DETAILS = State(
    name="brand_owner_details",
    stage=stages.PROJECT,
    awaiting=Role.BRAND_OWNER,
    title=_("Project details"),
    subtitle=_("Describe the project to %(influencer)s."),
    inactivity=closes_after(days=7),
    actions=(
        Action(
            name="send_project_details",
            roles=BY_BRAND_OWNER,
            label=_("Send details"),
            inputs=(DETAILS,),
            text=(_("%(brand_owner)s sent the project details."), "%(details)s"),
            summary=_("%(brand_owner)s sent the project"),
            outcomes=(Outcome("influencer_reviewing"),),
        ),
    ),
)

INFLUENCER_REVIEWING = State(
    name="influencer_reviewing",
    stage=stages.PROJECT,
    awaiting=Role.INFLUENCER,
    title=_("Review the project"),
    subtitle=_("Would you like to do this project for %(brand_owner)s?"),
    inactivity=closes_after(days=7),
    actions=(
        Action(
            name="accept_project",
            roles=BY_INFLUENCER,
            label=_("Accept project"),
            style="success",
            text=(_("%(influencer)s accepted the project."),),
            summary=_("%(influencer)s accepted the project"),
            outcomes=(Outcome("brand_owner_pricing"),),
            aliases=(ACCEPT,),
        ),
        Action(
            name="reject_project",
            roles=BY_INFLUENCER,
            label=_("Decline project"),
            style="danger",
            inputs=(REASON,),
            text=(_("%(influencer)s declined the project."), REASON_TEXT),
            summary=_("%(influencer)s declined the project"),
            outcomes=CLOSED,
            aliases=(REJECT, ActionAlias("deny_project")),
        ),
    ),
)

STATES = (
    INFLUENCER_RESPONDING,
    BRAND_OWNER_DETAILS,
    INFLUENCER_REVIEWING,
)
