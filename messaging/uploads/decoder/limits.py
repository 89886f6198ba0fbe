"""The limits of the decoder's process. They also bind the programs that it starts."""

import os
import resource
import signal

MEGABYTE = 1024 * 1024
GRACE_SECONDS = 2


def apply_limits(*, megabytes: int, seconds: int) -> None:
    """Limit memory and time, and let other processes go first. The process ends by itself soon after `seconds`, also
    if the server that would end it has died."""
    os.nice(5)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, megabytes * MEGABYTE)
    _limit(resource.RLIMIT_CPU, seconds + GRACE_SECONDS)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds + GRACE_SECONDS)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
