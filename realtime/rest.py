"""A room's log over REST."""

from typing import Any

import orjson
from pydantic import Field

from foundation.query_params import LimitQuery, WholeNumber
from realtime import event_log


class EventLogQuery(LimitQuery):
    after: WholeNumber | None = Field(None, description="later than this `seq`")


def events_page(room: str, query: EventLogQuery) -> dict[str, Any]:
    """`{results: [{seq, event, data}], reset}`; `reset` where `after` is no longer or not yet in the log."""
    after = query.after or 0
    head = event_log.heads([room])[room]
    if not head.floor <= after <= head.seq:
        return {"results": [], "reset": True}
    events = event_log.read(room, after=after, limit=query.limit)
    results = [{"seq": one.seq, "event": one.event, "data": orjson.Fragment(one.data)} for one in events]
    return {"results": results, "reset": False}
