"""How an agreed price is paid: an interface to payment providers, and the providers there are."""

from conversations.payments.asking import line
from conversations.payments.provider import OpenedOrder, Provider, ProviderEvent, ProviderFailed
from conversations.payments.registry import chosen_provider, provider_named, sandbox

__all__ = [
    "OpenedOrder",
    "Provider",
    "ProviderEvent",
    "ProviderFailed",
    "chosen_provider",
    "line",
    "provider_named",
    "sandbox",
]
