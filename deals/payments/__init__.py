"""How an agreed price is paid: an interface to payment providers, and the providers there are."""

from deals.payments.provider import OpenedOrder, Provider, ProviderEvent, ProviderFailed
from deals.payments.provider_calls import provider_calls
from deals.payments.registry import default_provider, get_provider, sandbox

__all__ = [
    "OpenedOrder",
    "Provider",
    "ProviderEvent",
    "ProviderFailed",
    "default_provider",
    "get_provider",
    "provider_calls",
    "sandbox",
]
