"""`manage.py simulate_flow`: simulate a conversation in the terminal. Nothing is stored or sent."""

import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.flows import Facts, Role, Timing, available_actions, conversation_types, flow_for
from conversations.flows.decisions import Decision
from conversations.flows.simulation import Simulation
from foundation.errors import DomainError
from foundation.json import from_json

HELP = """Each line has the form: role action [key=value …], for example

  influencer accept_connection
  brand_owner send_project_details details="Three short films"
  system payment_verified
  operator pause reason="A question came up"

A value that begins with [ is parsed as JSON. `quit` ends the simulation."""


def parse_line(line: str) -> tuple[Role, str, dict[str, Any]] | None:
    """Return `(role, action, data)` of a line, or None if the line is empty. Raises `ValueError`."""
    words = shlex.split(line, comments=True)
    if not words:
        return None
    if len(words) < 2:
        raise ValueError("a line needs a role and an action")
    pairs = [word.partition("=") for word in words[2:]]
    if any(not separator for _, separator, _ in pairs):
        raise ValueError("input must have the form key=value")
    return (
        Role(words[0]),
        words[1],
        {key: from_json(value) if value.startswith("[") else value for key, _, value in pairs},
    )


class Command(BaseCommand):
    help = "Simulate a flow in the terminal, or with the lines of a file (--script) until the first error."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("type", nargs="?", default="bid", choices=conversation_types())
        parser.add_argument("--script", type=Path, help="a file with one action in each line")
        parser.add_argument("--brand-owner", default="Acme")
        parser.add_argument("--influencer", default="Asha")
        parser.add_argument("--currency", default="INR")

    def handle(self, *args: Any, **options: Any) -> None:
        facts = Facts(
            brand_owner=options["brand_owner"],
            influencer=options["influencer"],
            currency=options["currency"],
        )
        game = Simulation(flow_for(options["type"]), options["type"], facts)
        self._show(game, game.last)
        if options["script"]:
            self._play_script(game, options["script"].read_text(encoding="utf-8").splitlines())
        else:
            self._play(game)

    def _play_script(self, game: Simulation, script: Iterable[str]) -> None:
        for number, line in enumerate(script, start=1):
            try:
                self._take(game, line)
            except (DomainError, ValueError) as error:
                raise CommandError(f"line {number}: {_why(error)}") from None

    def _play(self, game: Simulation) -> None:
        self.stdout.write(HELP)
        for line in sys.stdin:
            if line.strip() in {"quit", "exit"}:
                return
            try:
                self._take(game, line)
            except (DomainError, ValueError) as error:
                self.stdout.write(self.style.ERROR(_why(error)))

    def _take(self, game: Simulation, line: str) -> None:
        move = parse_line(line)
        if move:
            role, action, data = move
            self._show(game, game.act(role, action, data))

    def _show(self, game: Simulation, decision: Decision) -> None:
        for change in decision.state_changes:
            before = change.before.flow_state if change.before else "·"
            self.stdout.write(self.style.SUCCESS(f"{before} → {change.after.flow_state} ({change.reason})"))
        if decision.payment:
            self.stdout.write(f"an order to pay {decision.payment.price} {decision.payment.currency} is open")
        if decision.message:
            sent = decision.message
            self.stdout.write(f"  {sent.sender} to {sent.receiver}: " + sent.text.replace("\n", "\n  "))
        if decision.due.after and decision.timing is Timing.RESTART:
            self.stdout.write(f"  {decision.due.system_action} in {decision.due.after.total_seconds() / 86_400:g} days")
        for role in dict.fromkeys(game.flow.parties):
            for available in available_actions(game.flow, game.state, game.facts, role):
                inputs = " ".join(f"{field['id']}=…" for field in available["inputs"])
                self.stdout.write(f"  > {role} {available['action']} {inputs}".rstrip())


def _why(error: Exception) -> str:
    if isinstance(error, DomainError):
        return f"{error.code}: {error.message} {error.errors or ''}".rstrip()
    return str(error)
