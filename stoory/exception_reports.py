"""Hides secrets on Django's technical error pages, which show settings and local variables while `DEBUG` is on."""

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

from stoory.configuration import Configuration
from stoory.env import kind

_SECRETS = [name for name, field in Configuration.model_fields.items() if kind(field).secret]


class ReporterFilter(SafeExceptionReporterFilter):
    """Hides all settings that are declared secret, and the `hosts` of the channel layer: URLs with passwords.

    It hides them in local variables too: while the database is unavailable, local variables of Django contain its
    password.
    """

    hidden_settings = re.compile(
        "|".join([SafeExceptionReporterFilter.hidden_settings.pattern, *_SECRETS, "^hosts$"]), re.IGNORECASE
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        """Hide what Django marks as sensitive, such as the password of a login, while `DEBUG` is on too."""
        return True

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> ItemsView[str, Any]:
        """Return the local variables of a frame, with the secret members of dictionaries hidden."""
        found = super().get_traceback_frame_variables(request, tb_frame)
        return {name: self._cleansed(value) for name, value in found}.items()

    def _cleansed(self, value: Any) -> Any:
        try:
            return self.cleanse_setting("", value)
        except Exception:  # a value that contains itself, or that fails when it is examined
            return self.cleansed_substitute
