"""Who can read the former words of messages."""

from accounts.models import User

MAY_VIEW_REVISIONS = "messaging.view_messagerevision"


def may_view_revisions(user: User) -> bool:
    return user.is_staff and user.has_perm(MAY_VIEW_REVISIONS)
