"""The application configuration."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class StooryConfig(AppConfig):
    name = "stoory"
    default = True

    def ready(self) -> None:
        autodiscover_modules("checks", "receivers", "events", "socket_commands", "tasks", "wiring")
