"""How much may be asked for: token buckets, counted for all processes in Redis, and in this one without it."""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from time import monotonic

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from foundation.refusals import RateLimited

log = structlog.get_logger(__name__)

REMEMBERED = 100_000
"""Keys that one process keeps; beyond it those not asked for the longest are forgotten, so they are full again."""

REDIS_TIMEOUT = 0.25
REDIS_PAUSE = 1.0
"""Seconds: how long Redis may take for an answer, and how long it is left alone after it gave none."""

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Bucket:
    """A kind of limit: `capacity` requests at once, and `per_second` more as time goes by; a bucket for each key."""

    name: str
    capacity: float
    per_second: float


class LocalBucket:
    """One bucket in memory: no IO, no lock, for the thread or the event loop that owns it."""

    __slots__ = ("_at", "_capacity", "_level", "_per_second")

    def __init__(self, capacity: float, per_second: float) -> None:
        self._capacity, self._per_second = capacity, per_second
        self._level, self._at = float(capacity), monotonic()

    def take(self, cost: float = 1) -> float:
        """0 where there was enough, else the seconds until there is; nothing is taken then."""
        at = monotonic()
        self._level = min(self._capacity, self._level + (at - self._at) * self._per_second)
        self._at = at
        if self._level + _ROUNDING < cost:
            return (cost - self._level) / self._per_second
        self._level = min(self._capacity, self._level - cost)
        return 0.0


class _Memory:
    """The buckets of this process, for all of its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, LocalBucket] = OrderedDict()

    def take(self, bucket: Bucket, key: str, cost: float) -> float:
        with self._lock:
            one = self._buckets.get(key)
            if one is None:
                one = self._buckets[key] = LocalBucket(bucket.capacity, bucket.per_second)
                if len(self._buckets) > REMEMBERED:
                    self._buckets.popitem(last=False)
            self._buckets.move_to_end(key)
            return one.take(cost)


_TAKE = """
local state, time = redis.call('HMGET', KEYS[1], 'level', 'at'), redis.call('TIME')
local capacity, per_second, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = time[1] + time[2] / 1000000
local passed = math.max(0, now - (tonumber(state[2]) or now))
local level = math.min(capacity, (tonumber(state[1]) or capacity) + passed * per_second)
if level + 0.000001 < cost then
    return string.format('%.6f', (cost - level) / per_second)
end
level = math.min(capacity, level - cost)
redis.call('HSET', KEYS[1], 'level', string.format('%.9f', level), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / per_second * 1000) + 1000)
return '0'
"""


class _Shared:
    """The buckets of all processes: one script, so that reading and taking are one step; Redis has the clock."""

    def __init__(self, url: str) -> None:
        client = redis.Redis.from_url(
            url,
            socket_connect_timeout=REDIS_TIMEOUT,
            socket_timeout=REDIS_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = client.register_script(_TAKE)
        self._away_until = 0.0

    def take(self, bucket: Bucket, key: str, cost: float) -> float | None:
        """None when Redis does not answer."""
        if monotonic() < self._away_until:
            return None
        name = f"{settings.REDIS_PREFIX}:limit:{key}"
        try:
            return float(self._script(keys=[name], args=[bucket.capacity, bucket.per_second, cost]))
        except redis.RedisError as fault:
            self._away_until = monotonic() + REDIS_PAUSE
            log.warning("limits_without_redis", error=type(fault).__name__)
            return None


_memory = _Memory()
_shared = cache(_Shared)


def take(bucket: Bucket, key: str, cost: float = 1, *, shared: bool = True) -> float:
    """0 where `cost` could be taken from the bucket of `key`, else the seconds until it can.

    While Redis is away each process counts for itself: the limit is looser then, but neither open nor shut. What
    is not `shared` each process always counts for itself.
    """
    # Hashed: keys are e-mail addresses too, and as long as clients like.
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    full_key = f"{bucket.name}:{digest}"
    asks_redis = shared and settings.REDIS_URL
    waiting = _shared(settings.REDIS_URL).take(bucket, full_key, cost) if asks_redis else None
    return _memory.take(bucket, full_key, cost) if waiting is None else waiting


def give_back(bucket: Bucket, key: str, cost: float = 1) -> None:
    """Undo a `take`, for what turned out not to count."""
    take(bucket, key, -cost)


def refuse_if_limited(bucket: Bucket, key: str, *, shared: bool = True) -> None:
    """Count one request. Raises `RateLimited` with the seconds to wait; never with `RATE_LIMITS` off."""
    waiting = take(bucket, key, shared=shared) if settings.RATE_LIMITS else 0
    if waiting:
        raise RateLimited(retry_after=waiting)
