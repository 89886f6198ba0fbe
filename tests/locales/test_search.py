"""Searches find the same in PostgreSQL databases of every locale, because no comparison depends on the locale."""

import json
import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.harness import databases
from tests.harness.environment import need, postgresql
from tests.harness.processes import run

LOCALES = {
    "C": "LC_COLLATE 'C' LC_CTYPE 'C'",
    "Turkish, ICU": "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'",
    "Hindi, ICU": "LOCALE_PROVIDER icu ICU_LOCALE 'hi-IN' LOCALE 'C.UTF-8'",
}
FOUND = [
    ["İbrahim ÇELİK"],
    ["İbrahim ÇELİK"],
    ["दिव्या शर्मा"],
    ["Straße_50%"],
    ["Straße_50%"],
    ["Straße_50%"],
    [],
    ["İbrahim ÇELİK"],
    ["दिव्या शर्मा"],
    ["İbrahim ÇELİK"],
]


@pytest.mark.parametrize("locale", LOCALES.values(), ids=LOCALES)
def test_the_search_finds_the_same_in_every_locale(locale: str) -> None:
    server = need(postgresql(), "PostgreSQL does not respond (set DATABASE_URL, or run one on 127.0.0.1:5432)")
    url = databases.named(server, "stoory_test_locale")
    databases.drop(url)
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' " + locale)  # type: ignore[arg-type]
    with psycopg.connect(databases.maintenance_url(server), autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(urlsplit(url).path.lstrip("/"))))
    try:
        environment = {"DATABASE_URL": url, "DEBUG": "on", "PATH": ""}
        run(sys.executable, "manage.py", "migrate", "--verbosity", "0", env=environment)
        found = json.loads(run(sys.executable, "-m", "tests.locales.searches", env=environment))
    finally:
        databases.drop(url)
    assert found == FOUND
