"""Texts as templates: `%(name)s` is where a value goes, as gettext and its checkers know it.

A value is inserted as it stands: nothing in it is read as markup or as another place. What comes out is plain
text.
"""

import re
from collections.abc import Iterable, Mapping

from conversations.flows.definitions import Template

_PLACE = re.compile(r"%(?:%|\((\w+)\)s)")


def places(template: Template) -> set[str]:
    """The names of the values that a template asks for."""
    return {name for name in _PLACE.findall(str(template)) if name}


def render(template: Template, values: Mapping[str, str]) -> str:
    """Raises `KeyError` where a value is missing."""
    return _PLACE.sub(lambda found: values[found[1]] if found[1] else "%", str(template))


def paragraphs(templates: Iterable[Template], values: Mapping[str, str]) -> str:
    """The first template always; a further one only where all of its values are there."""
    first, *further = templates
    shown = [first, *(template for template in further if places(template) <= values.keys())]
    return "\n\n".join(render(template, values) for template in shown)
