import pytest
from django.db import connection


@pytest.fixture
def on_postgresql() -> None:
    """Skip the test unless the database is PostgreSQL. The suite runs a second time on PostgreSQL."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
