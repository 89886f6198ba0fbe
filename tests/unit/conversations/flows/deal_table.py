"""A second description of the deal, independent of the flow's data; both must agree."""

DIAGRAM = """
influencer_responding --> brand_owner_details : accept_connection
influencer_responding --> chat_closed : reject_connection
brand_owner_details --> influencer_reviewing : send_project_details
influencer_reviewing --> brand_owner_pricing : accept_project
influencer_reviewing --> chat_closed : reject_project
brand_owner_pricing --> influencer_price_response : send_price_offer
influencer_price_response --> payment_pending : accept_price
influencer_price_response --> chat_closed : reject_price
influencer_price_response --> brand_owner_negotiation : negotiate_price
brand_owner_negotiation --> influencer_price_input : agree_negotiation
brand_owner_negotiation --> chat_closed : reject_negotiation
influencer_price_input --> brand_owner_price_response : send_counter_offer
brand_owner_price_response --> payment_pending : accept_counter_offer
brand_owner_price_response --> influencer_price_input : reject_counter_offer
brand_owner_price_response --> chat_closed : reject_counter_offer
brand_owner_price_response --> influencer_final_response : make_final_offer
influencer_final_response --> payment_pending : accept_final_offer
influencer_final_response --> chat_closed : reject_final_offer
payment_pending --> payment_completed : payment_verified
payment_completed --> work_in_progress : start_work
work_in_progress --> work_submitted : submit_work
work_submitted --> work_revision_requested : request_revision
work_revision_requested --> work_submitted : resubmit_work
work_submitted --> work_approved : approve_work
work_submitted --> chat_closed : reject_final_work
work_approved --> real_time : free_chat_opened
real_time --> chat_closed : close_conversation
influencer_responding --> chat_closed : expired
brand_owner_details --> chat_closed : expired
influencer_reviewing --> chat_closed : expired
brand_owner_pricing --> chat_closed : expired
influencer_price_response --> chat_closed : expired
brand_owner_negotiation --> chat_closed : expired
influencer_price_input --> chat_closed : expired
brand_owner_price_response --> chat_closed : expired
influencer_final_response --> chat_closed : expired
payment_pending --> chat_closed : expired
work_submitted --> work_approved : approved_automatically
influencer_responding --> chat_closed : withdraw_request
influencer_reviewing --> chat_closed : withdraw_request
influencer_price_response --> brand_owner_pricing : withdraw_offer
influencer_final_response --> brand_owner_price_response : withdraw_offer
brand_owner_price_response --> influencer_price_input : withdraw_counter_offer
payment_pending --> chat_closed : payment_refunded
payment_completed --> chat_closed : payment_refunded
work_in_progress --> chat_closed : payment_refunded
work_submitted --> chat_closed : payment_refunded
work_revision_requested --> chat_closed : payment_refunded
payment_disputed --> chat_closed : payment_refunded
payment_pending --> chat_closed : dispute_lost
payment_completed --> chat_closed : dispute_lost
work_in_progress --> chat_closed : dispute_lost
work_submitted --> chat_closed : dispute_lost
work_revision_requested --> chat_closed : dispute_lost
payment_disputed --> chat_closed : dispute_lost
payment_completed --> payment_disputed : dispute_opened
work_in_progress --> payment_disputed : dispute_opened
work_submitted --> payment_disputed : dispute_opened
work_revision_requested --> payment_disputed : dispute_opened
payment_disputed --> payment_completed : dispute_won
payment_disputed --> work_in_progress : dispute_won
payment_disputed --> work_submitted : dispute_won
payment_disputed --> work_revision_requested : dispute_won
"""

STATES = {
    # state: (awaiting_role, chat_status, days until the deadline, days between reminders)
    "influencer_responding": ("influencer", "automated", 7, None),
    "brand_owner_details": ("brand_owner", "automated", 7, None),
    "influencer_reviewing": ("influencer", "automated", 7, None),
    "brand_owner_pricing": ("brand_owner", "automated", 7, None),
    "influencer_price_response": ("influencer", "automated", 3, None),
    "brand_owner_negotiation": ("brand_owner", "automated", 3, None),
    "influencer_price_input": ("influencer", "automated", 3, None),
    "brand_owner_price_response": ("brand_owner", "automated", 3, None),
    "influencer_final_response": ("influencer", "automated", 3, None),
    "payment_pending": ("brand_owner", "automated", 7, None),
    "payment_completed": ("influencer", "real_time", None, 1),
    "work_in_progress": ("influencer", "real_time", None, 3),
    "work_submitted": ("brand_owner", "real_time", 7, None),
    "work_revision_requested": ("influencer", "real_time", None, 3),
    "work_approved": (None, "real_time", None, None),
    "real_time": (None, "real_time", None, None),
    "payment_disputed": (None, "real_time", None, None),
    "chat_closed": (None, "closed", None, None),
}

ROLES = {
    "influencer": {
        "accept_connection", "reject_connection", "accept_project", "reject_project", "accept_price",
        "reject_price", "negotiate_price", "send_counter_offer", "accept_final_offer", "reject_final_offer",
        "start_work", "submit_work", "resubmit_work", "close_conversation", "withdraw_counter_offer",
    },
    "brand_owner": {
        "send_project_details", "send_price_offer", "agree_negotiation", "reject_negotiation",
        "accept_counter_offer", "reject_counter_offer", "make_final_offer", "proceed_to_payment",
        "approve_work", "request_revision", "reject_final_work", "close_conversation", "withdraw_request",
        "withdraw_offer",
    },
}  # fmt: skip
ACTIONS = sorted(ROLES["influencer"] | ROLES["brand_owner"])
OLD_NAMES = ["accept", "reject", "deny_project", "handle_negotiation"]
ENDING = {"chat_closed", "real_time"}
STAYS = {("payment_pending", "proceed_to_payment")}
ONLY_WITH = {
    # results while rounds or revisions are left, and when none are left
    ("influencer_price_response", "negotiate_price"): ("brand_owner_negotiation", None),
    ("brand_owner_price_response", "reject_counter_offer"): ("influencer_price_input", "chat_closed"),
    ("work_submitted", "request_revision"): ("work_revision_requested", None),
    ("work_submitted", "reject_final_work"): (None, "chat_closed"),
    ("influencer_price_response", "withdraw_offer"): ("brand_owner_pricing", None),
    ("influencer_final_response", "withdraw_offer"): ("brand_owner_price_response", None),
    ("brand_owner_price_response", "withdraw_counter_offer"): ("influencer_price_input", None),
}
INTERRUPTED = {"payment_completed", "work_in_progress", "work_submitted", "work_revision_requested"}
WITHDRAWALS = {"withdraw_request", "withdraw_offer", "withdraw_counter_offer"}
DATA = {
    "send_project_details": {"details": "Three short films"},
    "send_price_offer": {"price": "1000"},
    "send_counter_offer": {"price": "1200.50"},
    "make_final_offer": {"price": "1100"},
    "submit_work": {"deliverables": "three links", "description": "as agreed"},
    "resubmit_work": {"deliverables": "three links", "description": "brighter"},
    "request_revision": {"feedback": "more light"},
}


def parsed_diagram() -> set[tuple[str, str, str]]:
    lines = (line.replace("-->", ":").split(":") for line in DIAGRAM.strip().splitlines())
    return {tuple(part.strip() for part in line) for line in lines}  # type: ignore[misc]


MOVES = {(source, reason): target for source, target, reason in parsed_diagram()}
"""The target of each action and system action. A won dispute leads to the state that it interrupted."""
