"""The pages of the site, from its URL configuration."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from stoory import pages


def _pages(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Yield the addresses of the views of `stoory.pages`, except addresses with parameters."""
    for one in patterns:
        path = f"{before}{one.pattern}"
        if isinstance(one, URLResolver):
            yield from _pages(one.url_patterns, path)
        elif one.callback.__module__ == pages.__name__ and isinstance(one.pattern, RoutePattern):
            yield from () if one.pattern.converters else (path,)


PAGES = list(_pages(get_resolver().url_patterns))
