from tests.harness.external_calls import external_calls  # noqa: F401
from tests.harness.stripe.fixtures import stripe_server  # noqa: F401
