"""How an agreed price is paid: an interface to payment providers, and the providers there are."""

from deals.payments.provider import OpenedOrder, Provider, ProviderEvent, ProviderFailed
from deals.payments.provider_calls import provider_calls
from deals.payments.registry import chosen_provider, provider_named, sandbox

__all__ = [
    "OpenedOrder",
    "Provider",
    "ProviderEvent",
    "ProviderFailed",
    "chosen_provider",
    "provider_calls",
    "provider_named",
    "sandbox",
]
