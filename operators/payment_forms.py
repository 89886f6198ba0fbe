"""The forms of the page of a payment order."""

from typing import Any

from django import forms

from accounts.models import User
from conversations.flows.facts import price_text
from deals.models import PaymentOrder
from deals.payments.decisions import keep_payment, refund_payment
from deals.payments.ledger import read_ledger
from deals.payments.refund_amounts import parse_refund
from deals.payments.refund_requests import refundable
from foundation.errors import Invalid
from operators.forms import first_fault


class PaymentForm(forms.Form):
    """The base class of forms that decide about a payment."""

    success_message: str

    def __init__(self, order: PaymentOrder, *args: Any, operator: User, **kwargs: Any) -> None:
        self.order, self.operator = order, operator
        super().__init__(*args, **kwargs)

    def execute(self) -> str:
        """Store the decision, and return a line for the log of the admin. Raises `DomainError`."""
        raise NotImplementedError


class RefundForm(PaymentForm):
    """Refunds an amount of the payment, by default all that remains. `seen` is what could be refunded on the page."""

    amount = forms.CharField(required=False, max_length=32)
    seen = forms.IntegerField(required=False)
    success_message = "The refund is requested. Both sides are told when the provider has made it."

    def clean_amount(self) -> int | None:
        """Return the amount in minor units, or None if no amount was entered."""
        entered = self.cleaned_data["amount"].strip()
        if not entered:
            return None
        try:
            return parse_refund(entered, self.order, refundable(self.order, read_ledger(self.order)))
        except Invalid as error:
            raise forms.ValidationError(first_fault(error)) from None

    def execute(self) -> str:
        amount: int | None = self.cleaned_data["amount"]
        seen: int | None = self.cleaned_data["seen"]
        refund_payment(operator=self.operator, order_id=self.order.pk, amount=amount, seen=seen)
        return f"Refunded {'the rest' if amount is None else price_text(amount, self.order.offer.currency)}."


class KeepForm(PaymentForm):
    """Decides not to refund what remains of an undecided payment."""

    success_message = "The payment is not refunded. Both sides are told."

    def execute(self) -> str:
        keep_payment(operator=self.operator, order_id=self.order.pk)
        return "Decided not to refund the payment."
