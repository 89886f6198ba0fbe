"""The channel layer over Redis pub/sub, with many messages in one round trip and without a timer for each message."""

import asyncio
from collections.abc import Iterable
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from redis.asyncio.client import PubSub

OPTIONS = {"protocol": 2, "socket_timeout": None}
"""Options of every connection to Redis, for less work on each message.

With RESP3, the client writes each message that arrives into a debug record, which nobody reads. With a
`socket_timeout`, it starts a timer for each read and each write. The bus limits the time of whole operations instead.
"""


class _Subscriber(PubSub):
    async def get_message(self, ignore_subscribe_messages: bool = False, timeout: float | None = None) -> Any:
        """Wait without a timeout, because its timer would cost more than the message."""
        return await super().get_message(ignore_subscribe_messages, timeout=None)


class _Shard(RedisSingleShardConnection):
    def _ensure_redis(self) -> None:
        if self._redis is None:
            super()._ensure_redis()
            self._pubsub = _Subscriber(self._redis.connection_pool)  # type: ignore[attr-defined]  # set by now


class PubSubChannelLayer(RedisPubSubChannelLayer):
    """`RedisPubSubChannelLayer` with two improvements.

    `group_send_many` sends many messages at once; `group_send` would wait for the reply of Redis after each message.
    The subscriber blocks; the original subscriber polls ten times a second.
    """

    def _get_layer(self) -> RedisPubSubLoopLayer:
        is_new = asyncio.get_running_loop() not in self._layers
        layer = super()._get_layer()
        if is_new:
            layer._shards = [_Shard(one.host | OPTIONS, layer) for one in layer._shards]
        return layer

    async def group_send_many(self, messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Call `group_send(group, message)` for each pair, in order, with one pipeline for each Redis server."""
        layer = self._get_layer()
        by_shard: dict[Any, list[tuple[str, bytes]]] = {}
        for group, message in messages:
            channel = layer._get_group_channel_name(group)
            by_shard.setdefault(layer._get_shard(channel), []).append((channel, self.serialize(message)))
        for shard, sent in by_shard.items():
            async with shard._lock:
                shard._ensure_redis()
                pipeline = shard._redis.pipeline(transaction=False)
                for channel, data in sent:
                    pipeline.publish(channel, data)
                await pipeline.execute()
