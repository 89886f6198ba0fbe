"""Generates documents from the code."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from stoory import generated_documents


class Command(BaseCommand):
    help = f"Generate {', '.join(generated_documents.DOCUMENTS)} from the code."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if a document is not up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            generated_documents.write()
        elif old := generated_documents.outdated():
            raise CommandError(f"Not up to date: {', '.join(old)}. Run `make documents`.")
