"""Describes the views in OpenAPI."""

import inspect
from typing import Any

from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import build_parameter_type
from rest_framework.viewsets import ViewSet

VERBS = {"partial_update": "update", "destroy": "delete"}


class AutoSchema(SpectacularSchema):
    """Names each operation `<first word of the path>_<action>`, and groups operations by the first word."""

    view: ViewSet  # type: ignore[override]  # set by the framework

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/").split("/")[0]]

    def get_operation_id(self) -> str:
        return f"{self.get_tags()[0]}_{VERBS.get(self.view.action, self.view.action)}"

    def get_description(self) -> str:  # type: ignore[override]  # as in drf-spectacular
        return inspect.getdoc(getattr(self.view, self.view.action)) or ""

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        """Describe each path parameter `id` as a UUID."""
        known = [build_parameter_type("id", {"type": "string", "format": "uuid"}, "path", required=True)]
        others = super()._resolve_path_parameters([name for name in variables if name != "id"])
        return (known if "id" in variables else []) + others

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # the schema of a list describes a page

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            for status in self._impossible(operation):
                operation["responses"].pop(status, None)
        return operation

    def _impossible(self, operation: dict[str, Any]) -> set[str]:
        """Return the statuses of the errors that this operation cannot raise."""
        impossible: set[str] = set()
        takes_body, named = "requestBody" in operation, "{" in self.path
        if not takes_body:
            impossible |= {"413", "415"}
        if not takes_body and not any(one["in"] == "query" for one in operation.get("parameters", [])):
            impossible |= {"400"}
        if not named and not (takes_body and self.view.get_authenticators()):
            impossible |= {"404"}
        return impossible - getattr(getattr(self.view, self.view.action), "own_errors", set())


def without_titles(result: Any, **_: Any) -> Any:
    """Return the document without the titles that only repeat the names of schemas."""
    if isinstance(result, list):
        return [without_titles(one) for one in result]
    if not isinstance(result, dict):
        return result
    is_schema = {"type", "$ref", "anyOf", "allOf", "oneOf", "enum", "const", "default", "properties"} & result.keys()
    return {
        key: without_titles(value)
        for key, value in result.items()
        if not (is_schema and key == "title" and isinstance(value, str))
    }
