"""Putting the parts together."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class StooryConfig(AppConfig):
    name = "stoory"

    def ready(self) -> None:
        autodiscover_modules("checks", "receivers", "events", "sockets", "wiring")
