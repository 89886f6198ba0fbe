"""The pytest-xdist workers use separate Redis keys and channels."""

import pytest

from tests import parallel


@pytest.mark.parametrize(
    ("url", "worker", "moved"),
    [
        ("redis://127.0.0.1:6379/0", "gw0", "redis://127.0.0.1:6379/1"),
        ("redis://127.0.0.1:6379/0", "gw3", "redis://127.0.0.1:6379/4"),
        ("redis://127.0.0.1:6379", "gw1", "redis://127.0.0.1:6379/2"),
        ("rediss://user:secret@cache:6380/15?timeout=3", "gw1", "rediss://user:secret@cache:6380/1?timeout=3"),
    ],
)
def test_each_worker_has_a_database_number(url: str, worker: str, moved: str) -> None:
    assert parallel.moved(url, worker) == moved


def test_each_worker_has_a_prefix_and_unset_variables_stay_unset() -> None:
    assert parallel.separate({}, "gw1") == {"REDIS_PREFIX": "stoory-gw1"}
    given = {"REDIS_URL": "redis://a/0", "TEST_REDIS_URL": "redis://b/4", "REDIS_PREFIX": "mine", "PATH": "/bin"}
    assert parallel.separate(given, "gw1") == {
        "REDIS_URL": "redis://a/2",
        "TEST_REDIS_URL": "redis://b/6",
        "REDIS_PREFIX": "mine-gw1",
    }
