"""People and conversations to measure with."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from stoory import bench_data


class Command(BaseCommand):
    help = (
        "Make users and direct conversations to measure with, and write tokens.txt (lines 2k and 2k+1: access tokens "
        "of the two people of conversation k) and rooms.txt (line k: its id). Run again, it opens what is missing "
        "and writes new tokens; those of before stay valid."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pairs", type=int, required=True, help="number of conversations")
        parser.add_argument("--out", type=Path, required=True, help="directory for tokens.txt and rooms.txt")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["pairs"] < 1:
            raise CommandError("At least one pair is needed.")
        bench_data.write(bench_data.make(options["pairs"]), options["out"])
        self.stdout.write(f"{options['pairs']} conversations are in {options['out']}.")
