"""A room's log over REST."""

from typing import Any

import orjson

from foundation.query_params import integer_param, limit_param
from realtime import event_log


def events_page(room: str, params: Any) -> dict[str, Any]:
    """`{results: [{seq, event, data}], reset}` for `?after=&limit=`; `reset` where `after` is no
    longer or not yet in the log. Raises `Invalid`."""
    after, limit = integer_param(params, "after", default=0), limit_param(params)
    head = event_log.heads([room])[room]
    if not head.floor <= after <= head.seq:
        return {"results": [], "reset": True}
    events = event_log.read(room, after=after, limit=limit)
    results = [{"seq": one.seq, "event": one.event, "data": orjson.Fragment(one.data)} for one in events]
    return {"results": results, "reset": False}
