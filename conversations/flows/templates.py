"""Texts as templates with `%(name)s` placeholders, the format that gettext and its checkers know.

A value is inserted literally: markup and placeholders in it have no meaning. The result is plain text.
"""

import re
from collections.abc import Iterable, Mapping

from conversations.flows.definitions import Template

_PLACEHOLDER = re.compile(r"%(?:%|\((\w+)\)s)")


def placeholders(template: Template) -> set[str]:
    """Return the names of the placeholders of a template."""
    return {name for name in _PLACEHOLDER.findall(str(template)) if name}


def render(template: Template, values: Mapping[str, str]) -> str:
    """Return the template with its values inserted. Raises `KeyError` if a value is missing."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]] if found[1] else "%", str(template))


def paragraphs(templates: Iterable[Template], values: Mapping[str, str]) -> str:
    """Render paragraphs and join them. A paragraph after the first is left out if one of its values is missing."""
    first, *further = templates
    shown = [first, *(template for template in further if placeholders(template) <= values.keys())]
    return "\n\n".join(render(template, values) for template in shown)
