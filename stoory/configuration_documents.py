"""Generates the tables of `docs/configuration.md`, and `.env.example`, from the declarations of the settings."""

from pydantic.fields import FieldInfo

from stoory.configuration import Configuration
from stoory.env import Derived, Environment, example, requirement, shown

TABLE_HEAD = "| Variable | Default | Value | Meaning |\n|---|---|---|---|"
SAMPLE_HEAD = """\
# Copy this file to `.env`, and remove the `#` before each setting that you change.
# docs/configuration.md describes the settings. `make documents` generates this file.
"""


def groups() -> dict[str, dict[str, FieldInfo]]:
    """Return the settings of each group by the title of the group, in the order of their declarations."""
    found = [group for group in reversed(Configuration.__bases__) if issubclass(group, Environment)]
    return {str(group.__doc__): group.model_fields for group in found}


def reference() -> str:
    """Return a heading and a table for each group, in Markdown."""
    parts = []
    for title, fields in groups().items():
        rows = [_row(name, field) for name, field in fields.items()]
        parts.append("\n".join([f"## {title}\n", TABLE_HEAD, *rows, ""]))
    return "\n".join(parts)


def sample() -> str:
    """Return a sample `.env` with every setting, commented out, with an example or its default."""
    parts = [SAMPLE_HEAD]
    for title, fields in groups().items():
        lines = [f"#{name}={example(field)}" for name, field in fields.items()]
        parts.append("\n".join([f"# --- {title}", *lines, ""]))
    return "\n".join(parts)


def _row(name: str, field: FieldInfo) -> str:
    factory = field.default_factory
    default = factory.words if isinstance(factory, Derived) else shown(field.default)
    meaning = " ".join((field.description or "").split())
    return f"| `{name}` | {default} | {requirement(field)} | {meaning} |"
