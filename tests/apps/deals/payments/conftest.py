import pytest

from tests.harness.external_calls import external_calls  # noqa: F401
from tests.harness.stripe.fixtures import stripe_server  # noqa: F401


@pytest.fixture
def account(stripe_server):  # noqa: F811
    return stripe_server.account


@pytest.fixture
def order(deal):
    return deal.order()
