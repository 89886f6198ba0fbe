"""`manage.py check_flows`: prove every flow, and say what is wrong with the others."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.flows import all_flows
from conversations.flows.checks import problems


class Command(BaseCommand):
    help = "Prove that every flow is whole: one start, no trap, nothing missing."
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
