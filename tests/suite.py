"""`python -m tests.suite`: every test on the embedded default, then those of the database on PostgreSQL and Redis too.

What the second run needs is looked for as in `tests.environment`; where it is missing that is said, and with `CI` set
it is a failure. Arguments go to pytest in both runs.
"""

import os
import subprocess
import sys
from urllib.parse import urlsplit

from tests.environment import LEFT_OUT, ROOT, postgresql, redis_url

WITH_SERVICES = ("tests/integration", "tests/api", "tests/contract")
"""What asks the database; the processes of `tests/acceptance` have services of their own in the first run already."""

GIVEN = ("DATABASE_URL", "REDIS_URL")
"""What the settings would follow; the tests are told of it under names of their own."""


def run(title: str, *paths: str, **environment: str) -> int:
    print(f"\n=== {title} ===", flush=True)  # noqa: T201
    kept = {name: value for name, value in os.environ.items() if name not in GIVEN}
    kept |= {f"TEST_{name}": os.environ[name] for name in GIVEN if name in os.environ}
    command = [sys.executable, "-m", "pytest", *paths, *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env=kept | environment, check=False).returncode


def main() -> int:
    database, redis = postgresql(), redis_url()
    failed = run("Everything, on SQLite and in memory")
    if database and redis:
        named = urlsplit(database)._replace(path="/stoory").geturl()
        again = run("The database again, on PostgreSQL and Redis", *WITH_SERVICES, DATABASE_URL=named, REDIS_URL=redis)
        return failed or again
    print(f"\n{LEFT_OUT}the run on PostgreSQL and Redis, which do not both answer")  # noqa: T201
    return failed or int(os.environ.get("CI", "").lower() in {"1", "true", "yes"})


if __name__ == "__main__":
    sys.exit(main())
