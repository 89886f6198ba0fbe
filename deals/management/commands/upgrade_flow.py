"""`manage.py upgrade_flow deal`: move running conversations to the newest version of their flow."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations.flows import Flow, all_flows
from deals.upgrading import incompatible_conversations, running_conversations, upgrade


class Command(BaseCommand):
    help = "Move all running conversations of a flow to a newer version. If one of them does not fit, move none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("flow", help="the name of the flow")
        parser.add_argument("--to", type=int, help="the version to move to (default: the newest)")
        parser.add_argument("--dry-run", action="store_true", help="change nothing; print what would be moved")

    def handle(self, *args: Any, **options: Any) -> None:
        flow = self._flow(options["flow"], options["to"])
        found = incompatible_conversations(flow)
        for one in found:
            self.stdout.write(self.style.ERROR(f"{one.conversation_id}: {one.why}"))
        if found:
            raise CommandError(f"{len(found)} conversations do not fit {flow.name} {flow.version}; none was moved.")
        wanted = running_conversations(flow)
        if options["dry_run"]:
            self.stdout.write(f"{len(wanted)} conversations fit {flow.name} {flow.version}; none was moved.")
            return
        moved = sum(upgrade(conversation_id=one, flow=flow) for one in wanted)
        self.stdout.write(f"{moved} of {len(wanted)} conversations moved to {flow.name} {flow.version}.")

    def _flow(self, name: str, version: int | None) -> Flow:
        known = {flow.version: flow for flow in all_flows() if flow.name == name}
        if not known:
            raise CommandError(f"There is no flow {name}.")
        try:
            return known[version or max(known)]
        except KeyError:
            raise CommandError(f"There is no version {version} of {name}.") from None
