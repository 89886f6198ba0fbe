"""`manage.py verify_offers`: prove that no offer was changed, inserted or removed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from deals import offers
from deals.models import Offer


class Command(BaseCommand):
    help = "Check the hash chain of the offers of every conversation, and that each acceptance matches its offer."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(offers.chain_errors())
        for error in found:
            self.stdout.write(self.style.ERROR(f"{error.conversation_id}: {error.message}"))
        if found:
            raise CommandError(f"{len(found)} errors")
        self.stdout.write(f"{Offer.objects.count()} offers are unchanged.")
