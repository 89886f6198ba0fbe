"""Objects of Stripe's API, complete for the version of the installed library (https://docs.stripe.com/api)."""

from typing import Any

CREATED = 1_790_000_000

Object = dict[str, Any]


def _absent(names: str) -> Object:
    """Return members that are null. `names` are separated by spaces."""
    return dict.fromkeys(names.split())


def payment_intent(number: int, form: dict[str, str]) -> Object:
    """Return a PaymentIntent that waits for a payment method. `form` is the request that created it."""
    absent = _absent(
        "amount_details application application_fee_amount canceled_at cancellation_reason customer "
        "customer_account description excluded_payment_method_types last_payment_error latest_charge next_action "
        "on_behalf_of payment_method payment_method_configuration_details processing receipt_email review "
        "setup_future_usage shipping source statement_descriptor statement_descriptor_suffix transfer_data "
        "transfer_group"
    )
    return absent | {
        "id": f"pi_{number}",
        "object": "payment_intent",
        "amount": int(form["amount"]),
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "capture_method": "automatic_async",
        "client_secret": f"pi_{number}_secret_{number}",
        "confirmation_method": "automatic",
        "created": CREATED,
        "currency": form["currency"],
        "livemode": False,
        "metadata": metadata_of(form),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    }


def charge(number: int, intent: Object) -> Object:
    """Return the successful Charge of a paid PaymentIntent."""
    absent = _absent(
        "application application_fee application_fee_amount customer description failure_balance_transaction "
        "failure_code failure_message on_behalf_of receipt_email receipt_number review shipping source_transfer "
        "statement_descriptor statement_descriptor_suffix transfer_data transfer_group"
    )
    return absent | {
        "id": f"ch_{number}",
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": f"txn_{number}",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": "STOORY",
        "captured": True,
        "created": CREATED,
        "currency": intent["currency"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": {"network_status": "approved_by_network", "type": "authorized"},
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": f"pm_{number}",
        "payment_method_details": {"type": "card"},
        "radar_options": {},
        "receipt_url": None,
        "refunded": False,
        "status": "succeeded",
    }


def refund(number: int, charge: Object, amount: int, form: dict[str, str]) -> Object:
    absent = _absent("reason receipt_number source_transfer_reversal transfer_reversal")
    return absent | {
        "id": f"re_{number}",
        "object": "refund",
        "amount": amount,
        "balance_transaction": f"txn_refund_{number}",
        "charge": charge["id"],
        "created": CREATED,
        "currency": charge["currency"],
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": metadata_of(form),
        "payment_intent": charge["payment_intent"],
        "status": "succeeded",
    }


def dispute(number: int, charge: Object) -> Object:
    return {
        "id": f"du_{number}",
        "object": "dispute",
        "amount": charge["amount"] - charge["amount_refunded"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": CREATED,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {"due_by": CREATED + 700_000, "has_evidence": False, "past_due": False},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": {"brand": "visa", "case_type": "chargeback"}, "type": "card"},
        "reason": "fraudulent",
        "status": "needs_response",
    }


def event(number: int, kind: str, about: Object, api_version: str) -> Object:
    return {
        "id": f"evt_{number}",
        "object": "event",
        "api_version": api_version,
        "created": CREATED,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def error(kind: str, message: str, **more: Any) -> Object:
    """Return the body of a refused request. `kind` is the `type` of the error."""
    return {"error": {"type": kind, "message": message} | more}


def metadata_of(form: dict[str, str]) -> dict[str, str]:
    prefix = "metadata["
    return {key.removeprefix(prefix).rstrip("]"): value for key, value in form.items() if key.startswith(prefix)}
