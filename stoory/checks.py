"""System checks of the settings. The server does not start with settings that are dangerous in production."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.exceptions import ImproperlyConfigured

from foundation.addresses import TrustedProxies

MIN_SECRET_LENGTH = 50
MIN_SIGNING_KEY_LENGTH = 32
"""HS256 requires a key that is at least as long as its hash, 32 bytes (RFC 7518, section 3.2)."""

HOW_TO = "Generate a value with python -c 'import secrets; print(secrets.token_urlsafe(64))'"


@register(Tags.security)
def check_secrets(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG:
        return []
    errors: list[CheckMessage] = []
    secret, signing_key = settings.SECRET_KEY, settings.SIMPLE_JWT["SIGNING_KEY"]
    if settings.DEVELOPMENT_SECRET in (secret, signing_key):
        errors.append(Error("SECRET_KEY is not set.", hint=HOW_TO, id="stoory.E001"))
    elif len(secret) < MIN_SECRET_LENGTH:
        errors.append(
            Error(f"SECRET_KEY has fewer than {MIN_SECRET_LENGTH} characters.", hint=HOW_TO, id="stoory.E002")
        )
    if len(signing_key.encode()) < MIN_SIGNING_KEY_LENGTH:
        errors.append(
            Error(f"JWT_SIGNING_KEY is shorter than {MIN_SIGNING_KEY_LENGTH} bytes.", hint=HOW_TO, id="stoory.E003")
        )
    return errors


@register(Tags.security)
def check_rate_limits_on(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG or settings.RATE_LIMITS or settings.RATE_LIMITS_OFF_CONFIRMED:
        return []
    hint = "Switch rate limits off only for measurements; to confirm this, set RATE_LIMITS_OFF_CONFIRMED=on as well."
    return [Error("RATE_LIMITS is off.", hint=hint, id="stoory.E004")]


@register(Tags.security)
def check_trusted_proxies(**kwargs: Any) -> list[CheckMessage]:
    try:
        TrustedProxies(settings.TRUSTED_PROXIES)
    except ValueError as error:
        return [Error(f"TRUSTED_PROXIES must be a list of networks: {error}.", id="stoory.E005")]
    return []


@register(Tags.security)
def check_allowed_hosts(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG or settings.ALLOWED_HOSTS:
        return []
    hint = "Set it to the host names of this server: ALLOWED_HOSTS=chat.example.com,localhost"
    return [Error("ALLOWED_HOSTS is empty: every request would be rejected.", hint=hint, id="stoory.E006")]


@register(Tags.security, deploy=True)
def check_origins(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG:
        return []
    hint = "Set it to the origins of the web pages that use this server: SOCKET_ORIGINS=https://chat.example.com"
    if not settings.SOCKET_ORIGINS:
        return [Warning("SOCKET_ORIGINS is empty: no web page can connect.", hint=hint, id="stoory.W001")]
    if "*" in [*settings.SOCKET_ORIGINS, *settings.CORS_ORIGINS]:
        return [Warning("Web pages of any origin can use this server.", hint=hint, id="stoory.W002")]
    return []


def refuse_dangerous_settings() -> None:
    """Raise `ImproperlyConfigured` if a security check fails. ASGI servers run no checks themselves."""
    found = [message for message in run_checks(tags=[Tags.security]) if message.is_serious()]
    if found:
        raise ImproperlyConfigured("\n".join(str(message) for message in found))
