"""Texts as templates: `%(name)s` is where a value goes, as gettext and its checkers know it.

A value is inserted literally: nothing in it is read as markup or as another placeholder. What comes out is plain
text.
"""

import re
from collections.abc import Iterable, Mapping

from conversations.flows.definitions import Template

_PLACEHOLDER = re.compile(r"%(?:%|\((\w+)\)s)")


def placeholders(template: Template) -> set[str]:
    """The names of the placeholders of a template."""
    return {name for name in _PLACEHOLDER.findall(str(template)) if name}


def render(template: Template, values: Mapping[str, str]) -> str:
    """Raises `KeyError` where a value is missing."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]] if found[1] else "%", str(template))


def paragraphs(templates: Iterable[Template], values: Mapping[str, str]) -> str:
    """The first template always; a further one only where all of its values are there."""
    first, *further = templates
    shown = [first, *(template for template in further if placeholders(template) <= values.keys())]
    return "\n\n".join(render(template, values) for template in shown)
