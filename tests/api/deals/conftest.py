from tests.harness.stripe.fixtures import stripe_server  # noqa: F401
