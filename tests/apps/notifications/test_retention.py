"""Old notifications are deleted in batches; unread ones are kept for longer."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from foundation import clock
from notifications.models import Notification
from notifications.retention import _Retention, delete_old
from notifications.tasks import delete_old_notifications
from tests.factories import make_user
from tests.harness.tasks import run_due_tasks

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def make(*days, read=True, user=None):
    """Make a notification for each age, oldest first, as the server does."""
    user, now = user or make_user(), clock.now()
    return [
        Notification.objects.create(
            user=user, type="message", title="New message", created_at=now - age * DAY, read_at=now if read else None
        )
        for age in days
    ]


def kept():
    return set(Notification.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(("setting", "read", "days"), [(90, True, 90), (90, False, 365), (10, True, 10)])
def test_notifications_are_kept_for_their_time(settings, setting, read, days):
    settings.NOTIFICATION_RETENTION = setting * DAY
    make(days + 400, days + 0.1, read=read)
    young = make(days - 0.1, 0, read=read)
    assert delete_old() == 2
    assert kept() == {one.pk for one in young}
    assert delete_old() == 0


def test_unread_notifications_are_kept_as_long_as_read_ones(settings):
    settings.NOTIFICATION_RETENTION = 1000 * DAY
    make(1001, read=False)
    young = make(999, read=False)
    assert delete_old() == 1
    assert kept() == {one.pk for one in young}


def test_unread_notifications_do_not_hide_read_ones():
    retention = _Retention(clock.now())
    unread = make(*[100] * 7, read=False)
    make(95)
    later = make(1)
    assert [retention.delete_oldest(2) for _ in range(2)] == [1, 0]
    assert kept() == {one.pk for one in [*unread, *later]}


def test_the_recurring_task_deletes_old_notifications():
    make(400)
    delete_old_notifications.enqueue()
    assert delete_old_notifications.kind in run_due_tasks(recurring=True)
    assert kept() == set()


def test_batches_are_bounded():
    make(*[400] * 30)
    retention = _Retention(clock.now())
    with CaptureQueriesContext(connection) as queries:
        assert [retention.delete_oldest(10) for _ in range(4)] == [10, 10, 10, 0]
    kinds = [query["sql"].split()[0] for query in queries]
    assert [one for one in kinds if one in ("SELECT", "DELETE")] == ["SELECT", "DELETE"] * 3 + ["SELECT"]


def test_pages_are_read_by_the_primary_key(on_postgresql):
    user, now = make_user(), clock.now()
    Notification.objects.bulk_create(
        Notification(user=user, type="message", title="New message", created_at=now, read_at=now) for _ in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notification")
    first = Notification.objects.order_by("pk")[:100].explain()
    rest = Notification.objects.order_by("pk").filter(pk__gt=Notification.objects.order_by("pk")[1500].pk)[:100]
    for plan in (first, rest.explain()):
        assert "Index Scan using notifications_notification_pkey" in plan
