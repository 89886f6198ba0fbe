"""The dead code that `scripts/dead_code.py` finds, and the names that it accepts because a library uses them."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from scripts import dead_code

PLANTED = """
from json import JSONEncoder

NAMES = ["planted.named_in_a_string"]


class Planted(JSONEncoder):
    field = "read by a library"

    def default(self, o):
        return self.used()

    def used(self):
        self.unread = 1

    def unused(self):
        return NAMES


def named_in_a_string():
    return Planted


def marked():
    pass


@staticmethod
def decorated():
    pass


def dead():
    pass
"""


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    (tmp_path / "planted.py").write_text(PLANTED)
    monkeypatch.setattr(dead_code, "ROOT", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    items = dead_code.find_dead_code([str(tmp_path)], names=["mark*"], decorators=["@staticmethod"])
    return {f"{one.typ} {one.name}" for one in items}


def test_unused_code_is_found(found):
    assert found == {"attribute unread", "method unused", "function dead"}


def test_every_exception_is_necessary():
    """Without its exception, each of these names would be reported."""
    config = dead_code.make_config([])
    items = dead_code.find_dead_code(config["paths"], config["exclude"], decorators=config["ignore_decorators"])
    names = {one.name for one in items}
    for pattern in config["ignore_names"]:
        assert any(fnmatchcase(name, pattern) for name in names), pattern
