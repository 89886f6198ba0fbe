"""The fixture that makes Stripe the payment provider."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings
from stripe import HTTPClient

from tests.harness.stripe.server import KEY, PUBLISHABLE_KEY, SECRET, StripeServer


@pytest.fixture
def stripe_server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeServer]:
    """The stand-in for Stripe, which the settings name."""
    monkeypatch.setattr(HTTPClient, "INITIAL_DELAY", 0.001)  # retry without a pause
    with StripeServer().running() as server:
        settings.PAYMENT_PROVIDER = "stripe"
        settings.STRIPE_API_URL = server.url
        settings.STRIPE_SECRET_KEY = KEY
        settings.STRIPE_PUBLISHABLE_KEY = PUBLISHABLE_KEY
        settings.STRIPE_WEBHOOK_SECRET = SECRET
        yield server
