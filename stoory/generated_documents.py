"""The generated documents of the project, each made from the code that it describes."""

import json
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from realtime import asyncapi_document, events_document, registry

FOLDER = Path(settings.BASE_DIR) / "docs"


def _asyncapi() -> str:
    document = asyncapi_document(registry, version=settings.SPECTACULAR_SETTINGS["VERSION"])
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _openapi() -> str:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return OpenApiYamlRenderer().render(schema, renderer_context={}).decode()


DOCUMENTS: dict[str, Callable[[], str]] = {
    "events.md": lambda: events_document(registry),
    "asyncapi.json": _asyncapi,
    "openapi.yaml": _openapi,
}


def outdated() -> list[str]:
    """The committed documents that differ from what the code says."""
    return [name for name, make in DOCUMENTS.items() if _committed(name) != make()]


def write() -> None:
    for name, make in DOCUMENTS.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")


def _committed(name: str) -> str:
    path = FOLDER / name
    return path.read_text(encoding="utf-8") if path.exists() else ""
