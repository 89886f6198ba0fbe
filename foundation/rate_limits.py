"""Rate limits: token buckets that all processes share in Redis. Without Redis, each process has its own buckets."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import TypeVar

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from foundation.errors import RateLimited

log = structlog.get_logger(__name__)

T = TypeVar("T")

MAX_LOCAL_BUCKETS = 100_000
"""Maximum buckets of one process. Above this number, the least recently used bucket is dropped. When it is used again,
it is full."""

REDIS_TIMEOUT = 0.25
"""Seconds after which a request to Redis fails."""
REDIS_PAUSE = 1.0
"""Seconds without requests to Redis after an error."""

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Bucket:
    """A kind of limit: bursts of `capacity` requests, refilled with `per_second`. Each key has its own bucket."""

    name: str
    capacity: float
    per_second: float


_Request = tuple[Bucket, str, float]
"""A bucket, the hashed key, and the cost."""


class LocalBucket:
    """One bucket in memory, without a lock. Only the thread or the event loop that owns it may use it."""

    __slots__ = ("_at", "_capacity", "_level", "_per_second")

    def __init__(self, capacity: float, per_second: float) -> None:
        self._capacity, self._per_second = capacity, per_second
        self._level, self._at = float(capacity), monotonic()

    def take(self, cost: float = 1) -> float:
        """Take `cost` from the bucket and return 0. If the bucket has too little, take nothing and return the seconds
        to wait."""
        at = monotonic()
        self._level = min(self._capacity, self._level + (at - self._at) * self._per_second)
        self._at = at
        if self._level + _ROUNDING < cost:
            return (cost - self._level) / self._per_second
        self._level = min(self._capacity, self._level - cost)
        return 0.0


class _LocalBuckets:
    """The buckets of this process, shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, LocalBucket] = OrderedDict()

    def take(self, bucket: Bucket, key: str, cost: float) -> float:
        with self._lock:
            one = self._buckets.get(key)
            if one is None:
                one = self._buckets[key] = LocalBucket(bucket.capacity, bucket.per_second)
                if len(self._buckets) > MAX_LOCAL_BUCKETS:
                    self._buckets.popitem(last=False)
            self._buckets.move_to_end(key)
            return one.take(cost)


_TAKE = """
local time, answers = redis.call('TIME'), {}
local now = time[1] + time[2] / 1000000
for number, key in ipairs(KEYS) do
    local state = redis.call('HMGET', key, 'level', 'at')
    local capacity, per_second = tonumber(ARGV[3 * number - 2]), tonumber(ARGV[3 * number - 1])
    local cost = tonumber(ARGV[3 * number])
    local passed = math.max(0, now - (tonumber(state[2]) or now))
    local level = math.min(capacity, (tonumber(state[1]) or capacity) + passed * per_second)
    if level + 0.000001 < cost then
        answers[number] = string.format('%.6f', (cost - level) / per_second)
    else
        level = math.min(capacity, level - cost)
        redis.call('HSET', key, 'level', string.format('%.9f', level), 'at', string.format('%.6f', now))
        redis.call('PEXPIRE', key, math.ceil(capacity / per_second * 1000) + 1000)
        answers[number] = '0'
    end
end
return answers
"""


class _RedisBuckets:
    """The buckets of all processes. A Lua script reads and updates a bucket atomically, with the clock of Redis."""

    def __init__(self, url: str) -> None:
        client = redis.Redis.from_url(
            url,
            socket_connect_timeout=REDIS_TIMEOUT,
            socket_timeout=REDIS_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = client.register_script(_TAKE)
        self._away_until = 0.0

    def take(self, requests: Sequence[_Request]) -> list[float] | None:
        """Return the seconds to wait for each request, or None while Redis is unreachable."""
        if monotonic() < self._away_until:
            return None
        names = [f"{settings.REDIS_PREFIX}:limit:{key}" for _, key, _ in requests]
        terms = [term for bucket, _, cost in requests for term in (bucket.capacity, bucket.per_second, cost)]
        try:
            return [float(answer) for answer in self._script(keys=names, args=terms)]
        except redis.RedisError as error:
            self._away_until = monotonic() + REDIS_PAUSE
            log.warning("rate_limits_without_redis", error=type(error).__name__)
            return None


_local = _LocalBuckets()
_redis_buckets = cache(_RedisBuckets)


def take(bucket: Bucket, key: str, cost: float = 1, *, shared: bool = True) -> float:
    """Take `cost` from the bucket of `key` and return 0. If the bucket has too little, take nothing and return the
    seconds to wait.

    While Redis is unreachable, each process counts separately, so the limit is looser. If `shared` is False, each
    process always counts separately.
    """
    return _take([(bucket, _hashed(bucket, key), cost)], shared=shared)[0]


def _take(requests: Sequence[_Request], *, shared: bool = True) -> list[float]:
    waiting = _redis_buckets(settings.REDIS_URL).take(requests) if shared and settings.REDIS_URL else None
    return [_local.take(*request) for request in requests] if waiting is None else waiting


def _hashed(bucket: Bucket, key: str) -> str:
    """Return the hash of a key. Keys can be personal data (e-mail addresses) and of any length."""
    return f"{bucket.name}:{hashlib.blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def give_back(bucket: Bucket, key: str, cost: float = 1) -> None:
    """Undo a `take` for a request that should not count."""
    take(bucket, key, -cost)


def check_rate_limit(bucket: Bucket, key: str, *, shared: bool = True) -> None:
    """Count one request. Raises `RateLimited` with the seconds to wait, unless the setting `RATE_LIMITS` is off."""
    waiting = take(bucket, key, shared=shared) if settings.RATE_LIMITS else 0
    if waiting:
        raise RateLimited(retry_after=waiting)


def check_rate_limits(bucket: Bucket, items: Sequence[T], key: Callable[[T], str]) -> list[T | RateLimited]:
    """Count one request for each item, in one round trip. Returns the items; a limited item is replaced by its
    `RateLimited` error."""
    if not settings.RATE_LIMITS or not items:
        return list(items)
    waiting = _take([(bucket, _hashed(bucket, key(one)), 1) for one in items])
    return [RateLimited(retry_after=seconds) if seconds else one for one, seconds in zip(items, waiting, strict=True)]
