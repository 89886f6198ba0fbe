"""Creates users and conversations for measurements."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from stoory import bench_data


class Command(BaseCommand):
    help = (
        "Create users and direct conversations for measurements, and write tokens.txt (lines 2k and 2k+1: access "
        "tokens of the two users of conversation k) and rooms.txt (line k: its id). If you run the command again, it "
        "creates what is missing and writes new tokens; old tokens stay valid."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pairs", type=int, required=True, help="number of conversations")
        parser.add_argument("--out", type=Path, required=True, help="directory for tokens.txt and rooms.txt")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["pairs"] < 1:
            raise CommandError("--pairs must be at least 1.")
        bench_data.write(bench_data.make(options["pairs"]), options["out"])
        self.stdout.write(f"{options['pairs']} conversations are in {options['out']}.")
