import pytest
from django.db import connection


@pytest.fixture
def on_postgresql() -> None:
    """For what there is on PostgreSQL alone; the second run of the suite is on it."""
    if connection.vendor != "postgresql":
        pytest.skip("of PostgreSQL alone")
