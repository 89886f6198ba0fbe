"""The application configuration."""

from django.apps import AppConfig, apps
from django.contrib import admin
from django.contrib.admin import apps as admin_apps
from django.utils.module_loading import autodiscover_modules


class StooryConfig(AppConfig):
    name = "stoory"
    default = True

    def ready(self) -> None:
        autodiscover_modules("checks", "receivers", "events", "socket_commands", "tasks", "wiring")


class AdminConfig(admin_apps.AdminConfig):
    """Removes the pages of tokens from the admin. The page of a user shows and ends the user's login sessions
    instead."""

    default = False

    def ready(self) -> None:
        super().ready()
        admin.site.unregister(apps.get_app_config("token_blacklist").get_models())
