from collections.abc import Iterator

import pytest

from tests.apps.tasks import samples


@pytest.fixture(autouse=True)
def _fresh_samples() -> Iterator[None]:
    with samples.fresh():
        yield
