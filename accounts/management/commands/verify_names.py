"""A check of the search words of users against their names."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import NameWord
from accounts.selectors import users_with_wrong_words


class Command(BaseCommand):
    help = "Compare the search words of all users with their names; fails if any are wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="rewrite the wrong search words")

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = users_with_wrong_words()
        for user_id in wrong:
            self.stdout.write(f"user {user_id}: the search words differ from the name")
        if options["repair"]:
            NameWord.objects.rewrite(wrong)
            self.stdout.write(f"{len(wrong)} repaired.")
        elif wrong:
            raise CommandError(f"{len(wrong)} users have wrong search words. Run the command with --repair.")
        else:
            self.stdout.write("The search words of all users match their names.")
