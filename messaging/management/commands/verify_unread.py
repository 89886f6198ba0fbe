"""A check of the stored unread counts against the messages."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from messaging.unread_counts import recount, wrong_counts


class Command(BaseCommand):
    help = "Compare all stored unread counts with the messages; fails if any are wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="correct the wrong counts")

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = wrong_counts()
        for one in wrong:
            self.stdout.write(f"participant {one.participant_id}: {one.stored} stored, {one.counted} counted")
        if options["repair"]:
            for one in wrong:
                recount(one.participant_id)
            self.stdout.write(f"{len(wrong)} repaired.")
        elif wrong:
            raise CommandError(f"{len(wrong)} unread counts are wrong. Run the command with --repair.")
        else:
            self.stdout.write("All unread counts are correct.")
