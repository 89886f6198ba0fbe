"""The databases of tests."""

from tests.harness import databases


def test_databases_are_made_beside_the_one_that_is_given() -> None:
    url = "postgres://root:secret@db:5432/stoory?sslmode=require"
    assert databases.maintenance_url(url) == "postgres://root:secret@db:5432/postgres?sslmode=require"
