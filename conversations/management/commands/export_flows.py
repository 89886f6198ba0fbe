"""`manage.py export_flows`: write the diagram, tables and JSON of every flow version to `docs/flows/`."""

from argparse import ArgumentParser
from difflib import unified_diff
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, no_translations

from conversations.flows.documents import documents
from conversations.flows.registry import BUILT_IN


class Command(BaseCommand):
    help = "Write the diagram, tables and JSON of every released flow version to docs/flows/."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dir", type=Path, default=settings.BASE_DIR / "docs" / "flows")
        parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["dir"]
        pages = {name: text for flow in BUILT_IN for name, text in documents(flow).items()}
        if options["check"]:
            self._compare(folder, pages)
            return
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (folder / name).write_text(text, encoding="utf-8")
        self.stdout.write(f"{len(pages)} files written to {folder}")

    def _compare(self, folder: Path, pages: dict[str, str]) -> None:
        outdated = []
        for name, text in pages.items():
            path = folder / name
            there = path.read_text(encoding="utf-8") if path.exists() else ""
            if there != text:
                outdated.append(name)
                difference = unified_diff(
                    there.splitlines(),
                    text.splitlines(),
                    f"{name} (existing)",
                    f"{name} (generated)",
                    lineterm="",
                )
                self.stdout.write("\n".join(difference))
        if outdated:
            raise CommandError(f"out of date: {', '.join(outdated)}; run manage.py export_flows")
        if strangers := sorted({path.name for path in folder.glob("*-v[0-9]*.*")} - pages.keys()):
            raise CommandError(f"no flow version has these files: {', '.join(strangers)}; delete them")
        self.stdout.write(f"{len(pages)} files are up to date")
