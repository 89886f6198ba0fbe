"""A room's log over REST."""

from typing import Any

import orjson
from pydantic import Field

from foundation.query_params import LimitQuery, WholeNumber
from realtime import event_log


class EventLogQuery(LimitQuery):
    after: WholeNumber | None = Field(None, description="Only events after this `seq`")


def events_page(room: str, query: EventLogQuery) -> dict[str, Any]:
    """Return `{results: [{seq, event, data}], reset}`. `reset` is True if the events after `after` were deleted, or if
    `after` is higher than the last `seq`."""
    after = query.after or 0
    head = event_log.heads([room])[room]
    if not head.floor <= after <= head.seq:
        return {"results": [], "reset": True}
    events = event_log.read(room, after=after, limit=query.limit)
    results = [{"seq": one.seq, "event": one.event, "data": orjson.Fragment(one.data)} for one in events]
    return {"results": results, "reset": False}
