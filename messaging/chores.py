"""What has to be done from time to time, by the server or by `manage.py run_deadlines`."""

from messaging.deadlines import run_deadlines
from messaging.paying import ask_for_due_refunds
from messaging.uploads import discard_unsent


def do_chores() -> int:
    """One round; answers how many conversations were moved or reminded of."""
    ask_for_due_refunds()
    discard_unsent()
    return run_deadlines()
