"""The limits of every call to another system."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, kw_only=True)
class CallLimits:
    """The time limits of a call, in seconds: until it is connected, and in all, including one retry."""

    connect_seconds: float
    seconds: float

    @classmethod
    def configured(cls) -> "CallLimits":
        return cls(connect_seconds=settings.EXTERNAL_CONNECT_SECONDS, seconds=settings.EXTERNAL_CALL_SECONDS)
