"""Periodic tasks, run by the server or by `manage.py run_deadlines`."""

from deals.deadlines import run_deadlines
from deals.payments.refunds import request_due_refunds
from messaging.uploads.services import delete_unsent_uploads


def run_periodic_tasks() -> int:
    """Run all tasks once; returns how many conversations had a deadline or a reminder."""
    done = run_deadlines()
    delete_unsent_uploads()
    # Last, because these wait for a provider.
    request_due_refunds()
    return done
