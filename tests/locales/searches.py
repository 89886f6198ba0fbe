"""Creates people and conversations, searches for them, and prints the results of each search as JSON."""

import json
import os
import sys
import unicodedata

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stoory.settings")
django.setup()

from accounts.models import User  # noqa: E402
from accounts.people_search import find_people, found_by_staff  # noqa: E402
from accounts.requests import PeopleQuery  # noqa: E402
from conversations.models import Conversation  # noqa: E402
from conversations.search import conversations_for_staff  # noqa: E402
from deals.opening import open_conversation_as  # noqa: E402
from deals.requests import OpenConversationRequest  # noqa: E402
from messaging.conversation_selectors import conversation_list  # noqa: E402
from messaging.requests import ConversationListQuery  # noqa: E402

NAMES = ("İbrahim ÇELİK", "दिव्या शर्मा", "Müller")


def person(name: str, role: str) -> User:
    return User.objects.create_user(f"{User.objects.count()}@example.com", name=name, role=role)


def main() -> None:
    brand = person("Anaya", "brand_owner")
    for number, name in enumerate(NAMES):
        other = person(name, "influencer")
        title = "Straße_50%" if number == 2 else name
        wanted = OpenConversationRequest(conversation_type="bid", influencer_id=str(other.pk), title=title)
        open_conversation_as(opener=brand, data=wanted)

    def listed(term: str) -> list[str]:
        query = ConversationListQuery(search=term)
        return [one.title for one in conversation_list(user=brand, query=query)[0]]

    def people(term: str) -> list[str]:
        return [one.name for one in find_people(user=brand, query=PeopleQuery(q=term, cursor=None, limit=10)).results]

    decomposed = unicodedata.normalize("NFD", "ÇELİK")
    found = [listed(term) for term in ("ibrahim", decomposed, "शर्मा", "STRASSE", "_", "0%", "x")]
    found += [people(term) for term in ("çeli", "दि")]
    ids = conversations_for_staff("IBRAHIM")
    found.append([one.title for one in Conversation.objects.filter(pk__in=ids)] if found_by_staff("ibrahim") else [])
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
