"""The tasks of conversations: the search index."""

import uuid
from datetime import timedelta

from conversations import search_index
from tasks import recurring_task, task


@task(key=("user_id",))
def index_conversations_of(user_id: uuid.UUID) -> None:
    """Index the conversations of a user whose name has changed."""
    search_index.index_conversations_of_user(user_id)


@recurring_task(every=timedelta(hours=1), time_limit=timedelta(minutes=15))
def index_missing_conversations() -> None:
    """Index the conversations that the previous release opened while this release was introduced."""
    search_index.index_missing()
