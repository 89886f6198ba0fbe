"""What has to be done from time to time, by the server or by `manage.py run_deadlines`."""

from deals.deadlines import run_deadlines
from deals.payments.orders import ask_for_due_refunds
from messaging.uploads.services import discard_unsent


def do_chores() -> int:
    """One round; answers how many conversations were moved or reminded of."""
    done = run_deadlines()
    discard_unsent()
    # Last, for here somebody else is waited for.
    ask_for_due_refunds()
    return done
