"""What people are found by against their names."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import NameWord
from accounts.selectors import users_with_wrong_words


class Command(BaseCommand):
    help = "Compare the words that people are found by with their names; fails where some are wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="write the wrong ones anew")

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = users_with_wrong_words()
        for user_id in wrong:
            self.stdout.write(f"user {user_id}: found by other words than those of the name")
        if options["repair"]:
            NameWord.objects.rewrite(wrong)
            self.stdout.write(f"{len(wrong)} repaired.")
        elif wrong:
            raise CommandError(f"{len(wrong)} people are found by wrong words. Run it with --repair.")
        else:
            self.stdout.write("Everybody is found by the words of their name.")
