"""Stripe as the payment provider, with the stand-in for its server."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings
from stripe import HTTPClient

from tests.harness import stripe


@pytest.fixture
def stripe_server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[stripe.StripeServer]:
    monkeypatch.setattr(HTTPClient, "INITIAL_DELAY", 0.001)  # retry without a pause
    with stripe.StripeServer().running() as server:
        settings.PAYMENT_PROVIDER = "stripe"
        settings.STRIPE_API_URL = server.url
        settings.STRIPE_SECRET_KEY = stripe.KEY
        settings.STRIPE_PUBLISHABLE_KEY = stripe.PUBLISHABLE_KEY
        settings.STRIPE_WEBHOOK_SECRET = stripe.SECRET
        yield server
