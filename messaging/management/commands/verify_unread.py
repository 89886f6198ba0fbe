"""Unread counts against the messages."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from messaging.unread_counts import recount, wrong_counts


class Command(BaseCommand):
    help = "Compare every stored unread count with the messages; fails where one is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="count the wrong ones anew")

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = wrong_counts()
        for one in wrong:
            self.stdout.write(f"participant {one.participant_id}: {one.stored} stored, {one.counted} counted")
        if options["repair"]:
            for one in wrong:
                recount(one.participant_id)
            self.stdout.write(f"{len(wrong)} repaired.")
        elif wrong:
            raise CommandError(f"{len(wrong)} unread counts are wrong. Run it with --repair.")
        else:
            self.stdout.write("Every unread count is right.")
