"""Receivers of Django's signals."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from accounts.models import SYSTEM_USER_ID, Role


@receiver(post_migrate, dispatch_uid="accounts.ensure_system_user")
def ensure_system_user(sender: AppConfig, using: str, apps: Apps = installed, **_: Any) -> None:
    """Create the sender of messages that no person caused, after every `migrate` and every `flush`."""
    try:
        users = apps.get_model("accounts", "User").objects.using(using)
    except LookupError:  # accounts has no tables yet, or they were removed
        return
    if sender.label == "accounts":
        users.get_or_create(
            pk=SYSTEM_USER_ID,
            defaults={
                "email": "system@stoory.invalid",
                "name": "Stoory",
                "role": Role.SYSTEM,
                "password": "!",  # not a hash, so no password matches
                "is_active": False,
            },
        )
