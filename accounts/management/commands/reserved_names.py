"""A list of the users whose names are reserved."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.selectors import users_with_reserved_names


class Command(BaseCommand):
    help = "List the users with a reserved name. They keep it until they, or an operator in the admin, change it."

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for user in users_with_reserved_names():
            found += 1
            self.stdout.write(f"{user.pk} {user.email} {user.name}{' (staff)' if user.is_staff else ''}")
        self.stdout.write(f"{found} users have a reserved name.")
