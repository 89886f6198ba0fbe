"""The databases of tests."""

from tests.harness import databases


def test_databases_are_created_on_the_given_server() -> None:
    url = "postgres://root:secret@db:5432/stoory?sslmode=require"
    assert databases.maintenance_url(url) == "postgres://root:secret@db:5432/postgres?sslmode=require"
