"""A room's log over REST."""

from typing import Any

import orjson

from foundation.pagination import limit_of, whole_number
from realtime import event_log


def events_page(room: str, params: Any) -> dict[str, Any]:
    """`{results: [{seq, event, data}], reset}` for `?after=&limit=`; `reset` where the log does not reach back to
    `after`, or not as far as `after`. Raises `Invalid`."""
    after, limit = whole_number(params, "after", default=0), limit_of(params)
    end = event_log.ends([room])[room]
    if not end.floor <= after <= end.seq:
        return {"results": [], "reset": True}
    events = event_log.read(room, after=after, limit=limit)
    results = [{"seq": one.seq, "event": one.event, "data": orjson.Fragment(one.data)} for one in events]
    return {"results": results, "reset": False}
