"""Generates the tables of `docs/configuration.md`, and `.env.example`, from the declarations of the settings."""

from pydantic.fields import FieldInfo

from stoory.configuration import Configuration
from stoory.env import Derived, Environment, example, requirement, shown

TABLE_HEAD = "| Variable | Default | Value | Meaning |\n|---|---|---|---|"
SAMPLE_HEAD = """\
# Copy to `.env` and take away the `#` where a value is to be another than the default.
# docs/configuration.md tells what each means. This file is written by `make documents`.
"""


def groups() -> dict[str, dict[str, FieldInfo]]:
    """The settings by the title of their group, in the order of their declarations."""
    found = [group for group in reversed(Configuration.__bases__) if issubclass(group, Environment)]
    return {str(group.__doc__): group.model_fields for group in found}


def reference() -> str:
    """A heading and a table for each group."""
    parts = []
    for title, fields in groups().items():
        rows = [_row(name, field) for name, field in fields.items()]
        parts.append("\n".join([f"## {title}\n", TABLE_HEAD, *rows, ""]))
    return "\n".join(parts)


def sample() -> str:
    """Every setting, commented out, with an example or its default."""
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
