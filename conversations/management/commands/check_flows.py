"""`manage.py check_flows`: check every flow and list the problems."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.flows import all_flows
from conversations.flows.checks import problems


class Command(BaseCommand):
    help = "Check that every flow is complete: every state leads to an end, and no text is missing."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        faults = 0
        for flow in all_flows():
            found = problems(flow)
            faults += len(found)
            actions = sum(1 for _ in flow.actions())
            self.stdout.write(
                f"{flow.name} {flow.version}: {len(flow.states)} states, {actions} actions, {len(found)} problems"
            )
            for problem in found:
                self.stdout.write(self.style.ERROR(f"  {problem.id} {problem.where} {problem.message}"))
        if faults:
            raise CommandError(f"{faults} problems")
