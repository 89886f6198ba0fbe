from typing import Any

import pytest

from tests.contract.conformity import emitted_events
from tests.people import brand, influencer, operator, stranger  # noqa: F401


@pytest.fixture
def sent_events(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every event that is sent, as `(room, name, payload)`."""
    with emitted_events(monkeypatch) as sent:
        yield sent
