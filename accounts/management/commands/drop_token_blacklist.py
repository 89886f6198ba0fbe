"""Drops the tables of the app `token_blacklist`, which releases before 0.2 used."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

APP = "token_blacklist"
TABLES = ("token_blacklist_blacklistedtoken", "token_blacklist_outstandingtoken")


class Command(BaseCommand):
    help = (
        "Drop the tables of refresh tokens that releases before 0.2 used. Run it once after the upgrade, when no "
        "process of such a release runs any more."
    )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        there = [table for table in TABLES if table in connection.introspection.table_names()]
        with connection.cursor() as cursor:
            for table in there:
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)}")
        MigrationRecorder(connection).migration_qs.filter(app=APP).delete()
        self.stdout.write(f"{len(there)} tables dropped.")
