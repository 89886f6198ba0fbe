"""Generates documents of the project from the code that they describe."""

import json
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from realtime import asyncapi_document, commands_document, event_list_document, registry, room_events_document
from stoory import configuration_documents, price_module, table_documents

ROOT = Path(settings.BASE_DIR)
CONFIGURATION = "docs/configuration.md"
EVENT_PAGES = {"conversation": ("conversation_<id>",), "user": ("user_<id>", "the socket itself")}
BEGIN, END = "<!-- settings: written by `make documents` -->\n", "<!-- end of settings -->\n"


def _asyncapi() -> str:
    about = settings.SPECTACULAR_SETTINGS
    document = asyncapi_document(registry, version=about["VERSION"], license=about["LICENSE"])
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _openapi() -> str:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return OpenApiYamlRenderer().render(schema, renderer_context={}).decode()


def _configuration() -> str:
    """Return the committed document with new tables of the settings. The text around the tables stays."""
    before, begin, rest = _committed(CONFIGURATION).partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{CONFIGURATION} has no place for the settings: {BEGIN.strip()} … {END.strip()}")
    return f"{before}{begin}\n{configuration_documents.reference()}\n{end}{after}"


DOCUMENTS: dict[str, Callable[[], str]] = {
    "docs/events.md": lambda: event_list_document(registry, EVENT_PAGES),
    "docs/events/conversation.md": lambda: room_events_document(registry, EVENT_PAGES["conversation"]),
    "docs/events/user.md": lambda: room_events_document(registry, EVENT_PAGES["user"]),
    "docs/events/commands.md": lambda: commands_document(registry),
    "docs/asyncapi.json": _asyncapi,
    "docs/openapi.yaml": _openapi,
    CONFIGURATION: _configuration,
    "docs/tables.md": table_documents.document,
    ".env.example": configuration_documents.sample,
    "static/app/price-formats.js": price_module.module,
}


def outdated() -> list[str]:
    """Return the names of committed documents that differ from the generated documents."""
    return [name for name, make in DOCUMENTS.items() if _committed(name) != make()]


def write() -> None:
    for name, make in DOCUMENTS.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(make(), encoding="utf-8")


def _committed(name: str) -> str:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else ""
