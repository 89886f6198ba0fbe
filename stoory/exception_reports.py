"""What Django's technical page, which reports an exception while `DEBUG` is on, shows of the settings."""

import re

from django.views.debug import SafeExceptionReporterFilter

from stoory.configuration import Configuration
from stoory.env import kind

_SECRETS = [name for name, field in Configuration.model_fields.items() if kind(field).secret]


class ReporterFilter(SafeExceptionReporterFilter):
    """Hides what is declared secret, whatever its name, and the `hosts` of the channel layer: URLs with a password."""

    hidden_settings = re.compile(
        "|".join([SafeExceptionReporterFilter.hidden_settings.pattern, *_SECRETS, "^hosts$"]), re.IGNORECASE
    )
