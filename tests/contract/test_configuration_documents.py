"""Each setting is declared once, used, described and documented; nothing else reads the environment."""

import os
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from stoory import configuration_documents, env
from stoory.configuration import Configuration
from tests.packages import PACKAGES

ROOT = Path(settings.BASE_DIR)
FIELDS = Configuration.model_fields
OPEN = {"STRIPE_PUBLISHABLE_KEY"}
"""Settings that are named like secrets but whose values are public."""


def load(monkeypatch, **variables: str) -> Configuration:
    monkeypatch.setattr(os, "environ", variables)
    return Configuration.load(ROOT / "there is no such file")


def test_every_setting_is_used():
    used = re.findall(r"\benv\.([A-Z_]+)\b", (ROOT / "stoory/settings.py").read_text())
    assert set(used) == FIELDS.keys()


def test_every_setting_is_in_one_group_and_described():
    grouped = [name for fields in configuration_documents.groups().values() for name in fields]
    assert grouped == list(FIELDS)
    assert [name for name, field in FIELDS.items() if not field.description] == []


@pytest.mark.parametrize("name", FIELDS)
def test_secrets_are_declared_as_secrets(name):
    named_so = re.search(r"SECRET|KEY|(DATABASE|REDIS)_URL", name) is not None
    secret = env.kind(FIELDS[name]).secret
    assert secret == (named_so and name not in OPEN)
    assert FIELDS[name].repr is not secret


@pytest.mark.parametrize("debug", ["on", "off"])
def test_every_default_is_valid(monkeypatch, debug):
    defaults = load(monkeypatch, DEBUG=debug)
    again = load(monkeypatch, **{name: env.written(value) for name, value in defaults})
    assert again == defaults


def test_the_reference_has_every_setting_once_and_as_many_cells_as_headings():
    rows = re.findall(r"^\| `.*", configuration_documents.reference(), re.MULTILINE)
    assert [re.match(r"\| `(\w+)` \|", row)[1] for row in rows] == list(FIELDS)
    assert {len(re.split(r" \| ", row)) for row in rows} == {4}


@pytest.mark.parametrize(
    "row",
    [
        "| `TLS` | `off` with `DEBUG=on`, else `on` | `on` or `off` | Clients reach",
        "| `WORKER_THREADS` | `8` | a whole number of at least 1 | Threads for the",
        "| `DATABASE_URL` | SQLite in `DATA_DIR` | the URL of a database",
        "| `TRUSTED_PROXIES` | none | a list | Networks",
        "| `PEOPLE_SEARCH` | `other_role` | one of `everybody`, `off`, `other_role` | Which users a user can find",
        "| `SECRET_KEY` | none | a secret text | Signs sessions",
    ],
)
def test_the_reference_shows_default_bounds_and_description(row):
    assert f"\n{row}" in configuration_documents.reference()


def test_the_sample_file_has_every_setting_with_a_valid_value(monkeypatch):
    lines = re.findall(r"^#([A-Z_]+)=(.*)", configuration_documents.sample(), re.MULTILINE)
    assert [name for name, _ in lines] == list(FIELDS)
    found = load(monkeypatch, **dict(lines))
    assert found.ALLOWED_HOSTS == ["chat.example.com"]
    assert str(found.DATA_DIR) == "var"
    assert found.DATABASE_POOL == 23


def test_documents_do_not_depend_on_the_environment(monkeypatch):
    before = configuration_documents.reference(), configuration_documents.sample()
    monkeypatch.setenv("SECRET_KEY", "of-this-installation")
    monkeypatch.setenv("DEBUG", "off")
    assert (configuration_documents.reference(), configuration_documents.sample()) == before


def test_the_container_files_use_existing_settings_and_commands():
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    dockerfile = (ROOT / "Dockerfile").read_text()
    given = set(compose["x-app"]["environment"]) | set(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", dockerfile, re.MULTILINE))
    assert {"SECRET_KEY", "DEBUG", "DATA_DIR"} <= given
    assert {name for name in given if not name.startswith("PYTHON")} <= FIELDS.keys()
    commands = [
        service["command"] for service in compose["services"].values() if "manage.py" in service.get("command", [])
    ]
    run = {command[2] for command in commands} | set(re.findall(r'manage\.py"?,? "?(\w+)', dockerfile))
    assert run == {"migrate", "collectstatic", "serve"}
    assert run <= get_commands().keys()


def test_nothing_else_reads_the_environment():
    readers = {
        str(path.relative_to(ROOT))
        for part in PACKAGES
        for path in (ROOT / part).rglob("*.py")
        if re.search(
            r"\bos\.(environ\b(?!\.setdefault\(\"DJANGO_SETTINGS_MODULE\")|getenv)|\b(BaseSettings|load_dotenv)\b",
            path.read_text(),
        )
    }
    assert readers == {"stoory/env.py"}


def test_former_names_are_not_settings_and_their_present_names_are():
    assert FIELDS.keys().isdisjoint(Configuration.renamed)
    assert set(Configuration.renamed.values()) <= FIELDS.keys()
