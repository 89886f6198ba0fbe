"""Settings from the environment: valid values of each kind, messages for invalid values, and derived defaults."""

import os
from pathlib import Path
from typing import Annotated, Literal

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic import AfterValidator, Field

from stoory import env


def none_without_scheme(url: str) -> str:
    if "://" not in url:
        raise ValueError(f"{url} has no scheme")
    return url


FILE = """\
# A comment
#LIVE=on

THREADS=3
  COLOUR = "green"  # the reason
UNKNOWN=1
KEY='a $b ${c} # d'
no separator
NAME=a#b
"""


class Sample(env.Environment):
    """A setting of each kind."""

    LIVE: env.Flag = False
    NAME: env.Text = "someone"
    KEY: env.Secret = Field("", examples=["abc"])
    ADDRESS: Annotated[env.Secret, AfterValidator(none_without_scheme), env.Kind("a URL", secret=True)] = Field(
        "", examples=["http://example.com"]
    )
    PLACE: env.Folder = Path("/srv")
    THREADS: env.Whole = Field(8, ge=1)
    SECONDS: env.Number = Field(2.0, ge=0.1, le=60)
    HOSTS: env.Words = ["localhost"]
    COLOUR: env.Choice[Literal["red", "green"]] = "red"
    POOL: env.Whole = Field(
        default_factory=env.Derived("twice `THREADS`", lambda values: values["THREADS"] * 2, 16), ge=2
    )
    LEVEL: env.Whole = Field(default_factory=env.by_flag("LIVE", on=3, off=0), ge=0)


@pytest.fixture
def environment(monkeypatch) -> dict[str, str]:
    """The environment, which the test fills."""
    variables: dict[str, str] = {}
    monkeypatch.setattr(os, "environ", variables)
    return variables


@pytest.fixture
def load(environment, tmp_path):
    def load(**variables: str) -> Sample:
        environment.update(variables)
        return Sample.load(tmp_path / ".env")

    return load


def test_no_setting_is_required(load):
    assert load().model_dump() == {
        "LIVE": False,
        "NAME": "someone",
        "KEY": "",
        "ADDRESS": "",
        "PLACE": Path("/srv"),
        "THREADS": 8,
        "SECONDS": 2.0,
        "HOSTS": ["localhost"],
        "COLOUR": "red",
        "POOL": 16,
        "LEVEL": 0,
    }


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        *(("LIVE", written, True) for written in ("on", "ON", " yes ", "1", "true", "True")),
        *(("LIVE", written, False) for written in ("off", "Off", "no", "0", "false", "", " ")),
        ("NAME", " a name ", "a name"),
        ("NAME", "", ""),
        ("KEY", " a key ", "a key"),
        ("PLACE", "var/here", Path("var/here")),
        ("PLACE", "", Path("/srv")),
        *(("THREADS", written, 3) for written in ("3", " 3 ", "3.0", "3.9", "0.3e1")),
        ("THREADS", "1_000", 1000),
        ("THREADS", "", 8),
        ("SECONDS", "0.25", 0.25),
        ("SECONDS", "5", 5.0),
        ("SECONDS", " ", 2.0),
        ("HOSTS", " a, b ,,c,", ["a", "b", "c"]),
        ("HOSTS", '["a"]', ['["a"]']),
        ("HOSTS", "", []),
        ("COLOUR", " green ", "green"),
        ("COLOUR", "", "red"),
        ("POOL", "5", 5),
        ("POOL", "", 16),
    ],
)
def test_valid_values(load, name, written, value):
    assert getattr(load(**{name: written}), name) == value


def test_defaults_depend_on_other_settings(load):
    found = load(LIVE="on", THREADS="3")
    assert (found.POOL, found.LEVEL) == (6, 3)


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("LIVE", "Maybe", "LIVE must be on or off, not 'Maybe'; for example LIVE=off"),
        ("THREADS", "many", "THREADS must be a whole number of at least 1, not 'many'; for example THREADS=8"),
        ("THREADS", "0", "THREADS must be a whole number of at least 1, not '0'; for example THREADS=8"),
        ("THREADS", "0.9", "THREADS must be a whole number of at least 1, not '0.9'; for example THREADS=8"),
        ("THREADS", "nan", "THREADS must be a whole number of at least 1, not 'nan'; for example THREADS=8"),
        ("THREADS", "inf", "THREADS must be a whole number of at least 1, not 'inf'; for example THREADS=8"),
        (
            "SECONDS",
            "0.05",
            "SECONDS must be a number of at least 0.1 and at most 60, not '0.05'; for example SECONDS=2",
        ),
        (
            "SECONDS",
            "60.1",
            "SECONDS must be a number of at least 0.1 and at most 60, not '60.1'; for example SECONDS=2",
        ),
        ("SECONDS", "nan", "SECONDS must be a number of at least 0.1 and at most 60, not 'nan'; for example SECONDS=2"),
        ("SECONDS", "inf", "SECONDS must be a number of at least 0.1 and at most 60, not 'inf'; for example SECONDS=2"),
        ("COLOUR", "Red", "COLOUR must be one of red, green, not 'Red'; for example COLOUR=red"),
        ("POOL", "1", "POOL must be a whole number of at least 2, not '1'; for example POOL=16"),
        ("LEVEL", "-0.5", "LEVEL must be a whole number of at least 0, not '-0.5'; for example LEVEL=3"),
        ("ADDRESS", "user:password", "ADDRESS must be a URL; for example ADDRESS=http://example.com"),
    ],
)
def test_invalid_values(load, name, written, message):
    with pytest.raises(ImproperlyConfigured) as refused:
        load(**{name: written})
    assert str(refused.value) == message


def test_all_invalid_values_are_reported_at_once_without_the_defaults_that_depend_on_them(load):
    with pytest.raises(ImproperlyConfigured) as refused:
        load(LIVE="maybe", THREADS="0", COLOUR="blue")
    assert [line.partition(" ")[0] for line in str(refused.value).splitlines()] == ["LIVE", "THREADS", "COLOUR"]


def test_no_secret_is_shown(load):
    assert "a key" not in repr(load(KEY="a key"))
    with pytest.raises(ImproperlyConfigured) as refused:
        load(ADDRESS="user:password")
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
    assert "password" not in str(refused.value)


def test_other_variables_are_ignored(load):
    assert load(live="on", UNKNOWN="1").LIVE is False


def test_the_environment_overrides_the_file(environment, load, tmp_path):
    (tmp_path / ".env").write_text(FILE)
    found = load(THREADS="5")
    assert (found.LIVE, found.THREADS, found.COLOUR) == (False, 5, "green")
    assert (found.KEY, found.NAME) == ("a $b ${c} # d", "a#b")
    assert environment["UNKNOWN"] == "1"


def test_variables_of_the_file_reach_other_processes(environment):
    env.give("THREADS", "2")
    assert environment["THREADS"] == "2"


@pytest.mark.parametrize(
    ("name", "requirement", "example"),
    [
        ("LIVE", "`on` or `off`", "off"),
        ("KEY", "a secret text", "abc"),
        ("PLACE", "a folder", "/srv"),
        ("SECONDS", "a number of at least 0.1 and at most 60", "2"),
        ("HOSTS", "a list", "localhost"),
        ("COLOUR", "one of `red`, `green`", "red"),
        ("POOL", "a whole number of at least 2", "16"),
        ("LEVEL", "a whole number of at least 0", "3"),
    ],
)
def test_the_documentation_of_a_setting(name, requirement, example):
    field = Sample.model_fields[name]
    assert (env.requirement(field), env.example(field)) == (requirement, example)


def test_defaults_that_depend_on_a_flag_are_described():
    assert env.by_flag("LIVE", on=True, off=[]).words == "`on` with `LIVE=on`, else none"


@pytest.mark.parametrize("value", ["", "2"])
def test_a_former_name_is_an_error_that_gives_the_present_name(load, monkeypatch, value):
    monkeypatch.setattr(Sample, "renamed", {"OLD_POOL": "POOL", "OLD_LEVEL": "LEVEL"})
    with pytest.raises(ImproperlyConfigured) as refusal:
        load(OLD_POOL=value, POOL="3")
    assert str(refusal.value) == "OLD_POOL is now POOL"
