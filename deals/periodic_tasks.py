"""All that is due in deals, at once, for `manage.py run_deadlines`. The tasks of deals and messaging do the same."""

from deals.deadlines import run_deadlines
from messaging.uploads.services import delete_unsent_uploads


def run_periodic_tasks() -> int:
    """Run all tasks once. Returns the number of conversations with a passed deadline or a reminder."""
    done = run_deadlines()
    delete_unsent_uploads()
    return done
