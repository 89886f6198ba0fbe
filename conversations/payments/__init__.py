"""How an agreed price is paid: an interface to payment providers, and the providers there are."""

from conversations.payments.calls import provider_calls
from conversations.payments.provider import OpenedOrder, Provider, ProviderEvent, ProviderFailed
from conversations.payments.registry import chosen_provider, provider_named, sandbox

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
