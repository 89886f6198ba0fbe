"""The objects of the stand-in for Stripe have the members that the installed library declares."""

from types import NoneType
from typing import Any, ClassVar, get_args, get_origin

import pytest
import stripe

from tests.harness.stripe.account import Account


def objects() -> list[tuple[Any, dict[str, Any]]]:
    account = Account()
    form = {"amount": "5000", "currency": "usd", "metadata[order_id]": "1"}
    intent = account.post("/v1/payment_intents", form)
    event = account.pay(intent["id"])
    refund = account.post("/v1/refunds", {"payment_intent": intent["id"], "amount": "100"})
    dispute = account.open_dispute(intent["id"])["data"]["object"]
    made = [event["data"]["object"], account.charges["ch_1"], refund, dispute, event]
    return list(
        zip((stripe.PaymentIntent, stripe.Charge, stripe.Refund, stripe.Dispute, stripe.Event), made, strict=True)
    )


@pytest.mark.parametrize(("kind", "made"), objects(), ids=lambda one: getattr(one, "__name__", ""))
def test_an_object_has_the_members_that_the_library_declares(kind, made):
    declared = {name: of for name, of in kind.__annotations__.items() if get_origin(of) is not ClassVar}
    required = {name for name, of in declared.items() if NoneType not in get_args(of)}
    assert made.keys() <= declared.keys()
    assert required <= made.keys()
    assert made["object"] == kind.OBJECT_NAME


def test_events_have_the_librarys_version_of_the_api():
    account = Account()
    intent = account.post("/v1/payment_intents", {"amount": "5000", "currency": "usd"})
    assert account.fail(intent["id"])["api_version"] == stripe.api_version
