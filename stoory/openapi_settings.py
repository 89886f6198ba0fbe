"""The settings of drf-spectacular, which `stoory.settings` imports."""

import tomllib
from pathlib import Path
from typing import Any

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Stoory",
    "DESCRIPTION": "Conversations of a two-sided marketplace. docs/events.md describes the real-time events.",
    "VERSION": _PROJECT["version"],
    "LICENSE": {"name": "Apache-2.0"},
    "SERVERS": [{"url": "/"}],
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
        {"name": "auth", "description": "Registration, login, tokens and the current user's account."},
        {"name": "people", "description": "The search for other users."},
        {"name": "messages", "description": "Send messages, and read, edit or delete a message by its id."},
        {"name": "conversations", "description": "Conversations, their messages and their actions."},
        {"name": "notifications", "description": "Notifications of the current user."},
        {"name": "payments", "description": "The webhooks of payment providers, and the sandbox."},
        {"name": "uploads", "description": "Files that are sent with messages."},
    ],
}
