"""How much may be asked for: token buckets, counted for all processes in Redis, and in this one without it."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from time import monotonic

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from foundation.errors import RateLimited

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


_Wish = tuple[Bucket, str, float]
"""A bucket, the key as it is stored, and the cost."""


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

    def take(self, wishes: Sequence[_Wish]) -> list[float] | None:
        """None when Redis does not answer."""
        if monotonic() < self._away_until:
            return None
        names = [f"{settings.REDIS_PREFIX}:limit:{key}" for _, key, _ in wishes]
        terms = [term for bucket, _, cost in wishes for term in (bucket.capacity, bucket.per_second, cost)]
        try:
            return [float(answer) for answer in self._script(keys=names, args=terms)]
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
    return _take([(bucket, _hashed(bucket, key), cost)], shared=shared)[0]


def _take(wishes: Sequence[_Wish], *, shared: bool = True) -> list[float]:
    waiting = _shared(settings.REDIS_URL).take(wishes) if shared and settings.REDIS_URL else None
    return [_memory.take(*wish) for wish in wishes] if waiting is None else waiting


def _hashed(bucket: Bucket, key: str) -> str:
    """Keys are e-mail addresses too, and as long as clients like."""
    return f"{bucket.name}:{hashlib.blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def give_back(bucket: Bucket, key: str, cost: float = 1) -> None:
    """Undo a `take`, for what turned out not to count."""
    take(bucket, key, -cost)


def refuse_if_limited(bucket: Bucket, key: str, *, shared: bool = True) -> None:
    """Count one request. Raises `RateLimited` with the seconds to wait; never with `RATE_LIMITS` off."""
    waiting = take(bucket, key, shared=shared) if settings.RATE_LIMITS else 0
    if waiting:
        raise RateLimited(retry_after=waiting)


def limited_together(bucket: Bucket, keys: Sequence[str]) -> list[RateLimited | None]:
    """As `refuse_if_limited` for one request of each key, in their order and in one round trip: the refusals."""
    if not settings.RATE_LIMITS or not keys:
        return [None] * len(keys)
    waiting = _take([(bucket, _hashed(bucket, key), 1) for key in keys])
    return [RateLimited(retry_after=seconds) if seconds else None for seconds in waiting]
