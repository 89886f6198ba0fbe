"""A command that `benchmarks.search` runs with the settings of a server: `PEOPLE ROUNDS` creates this many people, of
whom a twentieth talk to one reader, and prints the milliseconds of each search in each round as JSON."""

import json
import os
import statistics
import sys
import time
from unittest.mock import patch

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stoory.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import User  # noqa: E402
from stoory.bench_data import conversations_of, log_in, people  # noqa: E402

TIMES = 20
GIVEN = ("Anaya", "Mira", "José", "दिव्या", "Dev", "Zoë", "Иван", "王小明")
FAMILY = ("Rao", "Kapoor", "Álvarez", "शर्मा", "Müller", "Söhne")
CONVERSATIONS, PEOPLE = "/api/conversations?search=", "/api/people?q="
SEARCHES = {
    "conversations, rare": CONVERSATIONS + "123%20",
    "conversations, frequent": CONVERSATIONS + "a",
    "conversations, part of a word": CONVERSATIONS + "APOO",
    "conversations, none": CONVERSATIONS + "nobody%20at%20all",
    "people, one letter": PEOPLE + "a",
    "people, two words": PEOPLE + "zoe%CC%88%20al",
    "people, none": PEOPLE + "nobody",
}


def fill(count: int) -> User:
    """Create the people, and the conversations of the first. Returns that person."""
    names = [f"{GIVEN[one % len(GIVEN)]} {one} {FAMILY[one % len(FAMILY)]}" for one in range(count)]
    User.objects.bulk_create(
        (
            User(email=f"search-{one}@example.com", name=name, password="!", role="influencer")
            for one, name in enumerate(names)
        ),
        batch_size=1000,
    )
    (reader,) = people(1)
    others = User.objects.filter(email__startswith="search-").order_by("pk")[: count // 20]
    conversations_of([(reader, other) for other in others])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return reader


def measure(reader: User, rounds: int) -> list[dict[str, float]]:
    client = Client(headers={"authorization": f"Bearer {log_in([reader])[0]}", "host": "127.0.0.1"})
    return [{name: _median(client, path) for name, path in SEARCHES.items()} for _ in range(rounds)]


def _median(client: Client, path: str) -> float:
    """Return the median of the milliseconds that a search takes in this process, without HTTP."""
    took = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        answer = client.get(path)
        took.append((time.perf_counter() - begin) * 1000)
        assert answer.status_code == 200, answer.content
    return round(statistics.median(took), 3)


if __name__ == "__main__":
    count, rounds = map(int, sys.argv[1:])
    with patch.object(settings, "RATE_LIMITS", False):
        print(json.dumps(measure(fill(count), rounds)))
