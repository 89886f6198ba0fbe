from tests.harness.held import outside_calls  # noqa: F401
from tests.harness.stripe.fixtures import stripe_server  # noqa: F401
