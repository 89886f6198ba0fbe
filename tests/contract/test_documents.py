"""The documents generated from the code, and the command that writes and checks them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from realtime import event_list_document, registry
from stoory import generated_documents


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(openapi: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in openapi["paths"].values() for operation in methods.values()]


CONFIGURATION = generated_documents.CONFIGURATION
OTHERS = sorted(generated_documents.DOCUMENTS.keys() - {CONFIGURATION})


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """The documents that do not depend on committed files. They are created once, because this takes seconds."""
    return {name: generated_documents.DOCUMENTS[name]() for name in OTHERS}


@pytest.fixture
def committed(made, tmp_path, monkeypatch) -> Path:
    """A project with up-to-date documents and prose around the tables of settings."""
    monkeypatch.setattr(generated_documents, "ROOT", tmp_path)
    for name, text in made.items():
        monkeypatch.setitem(generated_documents.DOCUMENTS, name, lambda text=text: text)
    for name in generated_documents.DOCUMENTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    begin, end = generated_documents.BEGIN, generated_documents.END
    (tmp_path / CONFIGURATION).write_text(f"# Before\n{begin}old{end}\nAfter\n")
    call_command("export_documents")
    return tmp_path


def test_the_command_accepts_what_it_wrote(committed):
    call_command("export_documents", "--check")


@pytest.mark.parametrize("name", generated_documents.DOCUMENTS)
def test_the_command_reports_an_outdated_document(committed, name):
    path = committed / name
    path.write_text(path.read_text().replace("| `DEBUG` |", "| `BUG` |") if name == CONFIGURATION else "old")
    with pytest.raises(CommandError, match=f"Not up to date: {re.escape(name)}[.] "):
        call_command("export_documents", "--check")


@pytest.mark.parametrize("name", OTHERS)
def test_the_command_reports_and_creates_a_missing_document(committed, name):
    (committed / name).unlink()
    with pytest.raises(CommandError, match=re.escape(name)):
        call_command("export_documents", "--check")
    call_command("export_documents")
    call_command("export_documents", "--check")


def test_the_text_around_the_settings_stays(committed):
    text = (committed / CONFIGURATION).read_text()
    before, _, rest = text.partition(generated_documents.BEGIN)
    tables, _, after = rest.partition(generated_documents.END)
    assert (before, after) == ("# Before\n", "\nAfter\n")
    assert "old" not in tables.split()
    assert "| `DEBUG` | `on` |" in tables


def test_a_document_without_a_marker_for_the_settings_is_not_changed(committed):
    path = committed / CONFIGURATION
    path.write_text("# Other prose\n")
    for options in ([], ["--check"]):
        with pytest.raises(ValueError, match=r"docs/configuration\.md has no place for the settings"):
            call_command("export_documents", *options)
    assert path.read_text() == "# Other prose\n"


def test_the_document_is_valid_openapi_without_warnings(openapi):
    validate_schema(openapi)
    assert not GENERATOR_STATS
    assert openapi["openapi"].startswith("3.1")


def test_operations_are_named_once_and_grouped(openapi):
    names = [operation["operationId"] for operation in operations(openapi)]
    assert len(set(names)) == len(names)
    groups = {tag["name"] for tag in openapi["tags"]}
    assert {operation["tags"][0] for operation in operations(openapi)} == groups
    assert all(operation["summary"] and len(operation["tags"]) == 1 for operation in operations(openapi))


FILES = {"application/octet-stream", "application/pdf"}
"""Content types of files."""


def test_successes_and_errors_have_different_schemas(openapi):
    schemas = openapi["components"]["schemas"]
    for operation in operations(openapi):
        for status, response in operation["responses"].items():
            if "content" not in response:
                assert "tus 1.0" in operation["summary"]
                continue
            contents = {kind: one for kind, one in response["content"].items() if kind not in FILES}
            if not contents and response["content"]:
                continue
            ((media_type, content),) = contents.items()
            success = schemas[content["schema"]["$ref"].rpartition("/")[2]]["properties"]["success"]
            good = status.startswith("2")
            assert media_type == ("application/json" if good else "application/problem+json")
            assert success["const"] is good
        kinds = {status[0] for status in operation["responses"]}
        assert {"2", "4"} <= kinds <= {"2", "4", "5"}


def routed(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Return every method and address under `/api`; the names of parameters are removed."""
    for pattern in patterns:
        path = before + str(pattern.pattern).strip("^$")
        if isinstance(pattern, URLResolver):
            yield from routed(pattern.url_patterns, path)
        elif path.startswith("/api/"):
            # OpenAPI has no OPTIONS. After its first use, a view also lists HEAD, which is the same as GET.
            methods = getattr(pattern.callback, "actions", {"get": "show"}).keys() - {"head", "options"}
            yield from (re.sub(r"\(\?P<.*?\)(?=/|$)|<.*?>", "{}", f"{one.upper()} {path}") for one in methods)


def test_every_address_of_the_api_is_described(openapi):
    described = {
        re.sub(r"\{\w+\}", "{}", f"{method.upper()} {path}")
        for path, methods in openapi["paths"].items()
        for method in methods
    }
    about = {"GET /api/schema", "GET /api/docs"}  # the document itself, and the page that displays it
    assert described | about == set(routed(get_resolver().url_patterns))


def test_every_name_in_the_paths_is_described(openapi):
    for path, methods in openapi["paths"].items():
        for operation in methods.values():
            described = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
            assert described == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_every_event_and_command_is_in_the_documents():
    asyncapi = json.loads(generated_documents.DOCUMENTS["docs/asyncapi.json"]())
    names = set(registry.events) | {command.name for command in registry.commands.values()}
    assert names <= set(asyncapi["channels"]["socket"]["messages"])
    assert names == set(asyncapi["operations"])
    listed = re.findall(r"^\| \[`(\w+)`\]\((events/\w+\.md)#(\w+)\) \|", document("docs/events.md"), re.MULTILINE)
    assert sorted(name for name, _, _ in listed) == sorted(names)
    for name, page, anchor in listed:
        assert name == anchor
        assert document(f"docs/{page}").count(f"\n## `{name}`\n") == 1


def document(name: str) -> str:
    return generated_documents.DOCUMENTS[name]()


@pytest.mark.parametrize("left_out", ["user_<id>", "conversation_<id>", "the socket itself"])
def test_an_event_that_no_page_describes_is_an_error(left_out):
    pages = {"all": tuple({event.room for event in registry.events.values()} - {left_out})}
    with pytest.raises(ValueError, match=f"No page describes the events to: {re.escape(left_out)}$"):
        event_list_document(registry, pages)


def test_the_openapi_document_is_written_completely(openapi):
    written = yaml.safe_load(generated_documents.DOCUMENTS["docs/openapi.yaml"]())
    assert written == json.loads(json.dumps(openapi))


def test_the_server_returns_the_document_without_login(client):
    answer = client.get("/api/schema", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/api/docs/")
    assert (page.status_code, page["Content-Type"].split(";")[0]) == (200, "text/html")
