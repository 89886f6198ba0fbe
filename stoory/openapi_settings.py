"""How drf-spectacular describes the API; the settings take it from here."""

import tomllib
from pathlib import Path
from typing import Any

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Stoory",
    "DESCRIPTION": "Conversations of a two-sided marketplace. Real-time events are described in docs/events.md.",
    "VERSION": _PROJECT["version"],
    "LICENSE": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False},
    "COMPONENT_SPLIT_REQUEST": False,
    "COMPONENT_SPLIT_PATCH": False,
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": ["stoory.openapi_schema.without_titles"],
    "TAGS": [
        {"name": "auth", "description": "Registration, login, tokens and the own account."},
        {"name": "people", "description": "Whom one can find."},
        {"name": "messages", "description": "Messages by their own id, and sending."},
        {"name": "conversations", "description": "Conversations, and what is in them."},
        {"name": "notifications", "description": "What one is to know of."},
        {"name": "payments", "description": "What payment providers call, and the sandbox."},
        {"name": "uploads", "description": "Files that go with messages."},
    ],
}
