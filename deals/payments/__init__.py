"""Payments of agreed prices: the interface to payment providers, and the providers."""

from deals.payments.provider import OpenedOrder, Provider, ProviderEvent, ProviderFailed, ProviderRefused
from deals.payments.provider_calls import provider_calls
from deals.payments.registry import default_provider, get_provider, price_limits, sandbox

__all__ = [
    "OpenedOrder",
    "Provider",
    "ProviderEvent",
    "ProviderFailed",
    "ProviderRefused",
    "default_provider",
    "get_provider",
    "price_limits",
    "provider_calls",
    "sandbox",
]
