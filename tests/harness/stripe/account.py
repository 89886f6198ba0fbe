"""The objects of an account at the stand-in, what requests do to them, and what customers and banks do to them."""

from typing import Any

import stripe

from tests.harness.stripe import objects
from tests.harness.stripe.objects import Object

MAX_AMOUNT = 99_999_999
"""Eight digits, as the parameter `amount` is documented."""

MAX_PAGE = 100

SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "inr": 50, "jpy": 50, "huf": 17_500}
THREE_DECIMALS = {"bhd", "jod", "kwd", "omr", "tnd"}
WHOLE = {"isk", "ugx"}
"""Currencies whose two decimals must be zero."""


class Refused(Exception):
    """A request that the API refuses."""

    def __init__(self, message: str, *, status: int = 400, **more: Any) -> None:
        self.status, self.body = status, objects.error("invalid_request_error", message, **more)
        super().__init__(message)


class Account:
    """The account's PaymentIntents, Charges and Refunds, by id. `refused_currencies` are not available to it.

    The methods that are named after what customers and banks do return the events that Stripe sends about it.
    """

    def __init__(self) -> None:
        self.intents: dict[str, Object] = {}
        self.charges: dict[str, Object] = {}
        self.refunds: dict[str, Object] = {}
        self.disputes: dict[str, Object] = {}
        self.refused_currencies: set[str] = set()
        self._events = 0

    def post(self, path: str, form: dict[str, str]) -> Object:
        """Handle a request, and return the created object. Raises `Refused`."""
        if path == "/v1/payment_intents":
            return dict(self._create_intent(form))
        if path == "/v1/refunds":
            return dict(self._create_refund(form))
        raise Refused(f"Unrecognized request URL (POST: {path}).", status=404)

    def get(self, path: str, query: dict[str, str]) -> Object:
        """Return what a request reads. Raises `Refused`."""
        if path == "/v1/refunds":
            return self._list_refunds(query)
        raise Refused(f"Unrecognized request URL (GET: {path}).", status=404)

    def _list_refunds(self, query: dict[str, str]) -> Object:
        """Return a page of the refunds of a PaymentIntent, newest first."""
        _check_parameters(query, {"payment_intent", "limit", "starting_after"})
        if query["payment_intent"] not in self.intents:
            raise _no_such_intent()
        made = [one for one in reversed(self.refunds.values()) if one["payment_intent"] == query["payment_intent"]]
        if "starting_after" in query:
            made = made[made.index(self.refunds[query["starting_after"]]) + 1 :]
        limit = int(query.get("limit", 10))
        if not 0 < limit <= MAX_PAGE:
            raise Refused("Invalid integer.", code="parameter_invalid_integer", param="limit")
        page = [dict(one) for one in made[:limit]]
        return {"object": "list", "data": page, "has_more": len(made) > limit, "url": "/v1/refunds"}

    def _create_intent(self, form: dict[str, str]) -> Object:
        _check_parameters(form, {"amount", "currency", "automatic_payment_methods[enabled]"})
        currency, amount = form["currency"], int(form["amount"])
        if currency in self.refused_currencies or currency != currency.lower():
            raise Refused(f"Invalid currency: {currency}.", param="currency")
        if amount < SMALLEST.get(currency, 1):
            raise Refused("Amount must be at least the minimum.", code="amount_too_small", param="amount")
        if amount > MAX_AMOUNT:
            raise Refused("Amount must be no more than 999,999.99.", code="amount_too_large", param="amount")
        if amount % (100 if currency in WHOLE else 10 if currency in THREE_DECIMALS else 1):
            raise Refused("Invalid amount.", code="parameter_invalid_integer", param="amount")
        intent = objects.payment_intent(len(self.intents) + 1, form)
        self.intents[intent["id"]] = intent
        return intent

    def _create_refund(self, form: dict[str, str]) -> Object:
        _check_parameters(form, {"payment_intent", "amount", "reason"})
        intent = self.intents.get(form["payment_intent"])
        if intent is None:
            raise _no_such_intent()
        if intent["latest_charge"] is None:
            raise Refused("This PaymentIntent does not have a successful charge to refund.")
        charge = self.charges[intent["latest_charge"]]
        if charge["disputed"]:
            raise Refused("This charge has been charged back.", code="charge_disputed")
        left = charge["amount"] - charge["amount_refunded"]
        if not left:
            raise Refused("The charge has already been refunded.", code="charge_already_refunded")
        amount = int(form.get("amount", left))
        if not 0 < amount <= left:
            raise Refused("Refund amount is greater than the unrefunded amount on the charge.", param="amount")
        return self._refund(charge, amount, form)

    def _refund(self, charge: Object, amount: int, form: dict[str, str]) -> Object:
        refund = objects.refund(len(self.refunds) + 1, charge, amount, form)
        self.refunds[refund["id"]] = refund
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        return refund

    # What customers and banks do

    def event(self, kind: str, about: Object) -> Object:
        """Return a new event about an object as it now stands."""
        self._events += 1
        return objects.event(self._events, kind, dict(about), stripe.api_version)

    def pay(self, intent_id: str) -> Object:
        """The customer pays."""
        intent = self.intents[intent_id]
        charge = objects.charge(len(self.charges) + 1, intent)
        self.charges[charge["id"]] = charge
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"]}
        return self.event("payment_intent.succeeded", intent)

    def fail(self, intent_id: str) -> Object:
        """The card is declined; the customer can try again."""
        intent = self.intents[intent_id]
        intent["last_payment_error"] = {"type": "card_error", "code": "card_declined", "message": "Declined."}
        return self.event("payment_intent.payment_failed", intent)

    def cancel(self, intent_id: str) -> Object:
        """Somebody cancels the PaymentIntent, in the dashboard for example. It can be paid no more."""
        intent = self.intents[intent_id]
        intent |= {"status": "canceled", "canceled_at": objects.CREATED, "cancellation_reason": "abandoned"}
        return self.event("payment_intent.canceled", intent)

    def refund(self, intent_id: str, amount: int | None = None) -> list[Object]:
        """Somebody refunds the payment, or a part of it, in the dashboard."""
        charge = self._charge_of(intent_id)
        left = charge["amount"] - charge["amount_refunded"]
        return self.events_of(self._refund(charge, left if amount is None else amount, {}))

    def events_of(self, refund: Object) -> list[Object]:
        """Return the events about a refund that succeeds at once."""
        kinds = (("refund.created", refund), ("charge.refunded", self.charges[refund["charge"]]))
        return [self.event(kind, about) for kind, about in (*kinds, ("refund.updated", refund))]

    def fail_refund(self, refund_id: str) -> Object:
        """The bank returns the money of a refund."""
        refund = self.refunds[refund_id]
        charge = self.charges[refund["charge"]]
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        refund |= {"status": "failed", "failure_reason": "lost_or_stolen_card", "failure_balance_transaction": "txn_f"}
        return self.event("refund.failed", refund)

    def open_dispute(self, intent_id: str) -> Object:
        charge = self._charge_of(intent_id)
        charge["disputed"] = True
        dispute = objects.dispute(len(self.disputes) + 1, charge)
        self.disputes[dispute["id"]] = dispute
        return self.event("charge.dispute.created", dispute)

    def close_dispute(self, dispute_id: str, status: str) -> Object:
        """`status` is won or lost."""
        dispute = self.disputes[dispute_id]
        dispute["status"] = status
        return self.event("charge.dispute.closed", dispute)

    def _charge_of(self, intent_id: str) -> Object:
        return self.charges[self.intents[intent_id]["latest_charge"]]


def _no_such_intent() -> Refused:
    return Refused("No such payment_intent.", status=404, code="resource_missing", param="payment_intent")


def _check_parameters(form: dict[str, str], known: set[str]) -> None:
    for key in form:
        if key not in known and not key.startswith("metadata["):
            raise Refused(f"Received unknown parameter: {key}", code="parameter_unknown", param=key)
