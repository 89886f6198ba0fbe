"""Hides secrets in the settings that Django's technical error page shows while `DEBUG` is on."""

import re

from django.views.debug import SafeExceptionReporterFilter

from stoory.configuration import Configuration
from stoory.env import kind

_SECRETS = [name for name, field in Configuration.model_fields.items() if kind(field).secret]


class ReporterFilter(SafeExceptionReporterFilter):
    """Hides all settings that are declared secret, and the `hosts` of the channel layer: URLs with passwords."""

    hidden_settings = re.compile(
        "|".join([SafeExceptionReporterFilter.hidden_settings.pattern, *_SECRETS, "^hosts$"]), re.IGNORECASE
    )
