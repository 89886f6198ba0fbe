"""The pages of the site, from its table of addresses."""

from django.urls import URLPattern
from django.urls.resolvers import RoutePattern

from stoory import pages
from stoory.urls import urlpatterns


def _is_page(entry: object) -> bool:
    """Whether it is one page: not a folder of addresses, a redirect, or pages that differ by what stands in them."""
    if not isinstance(entry, URLPattern) or entry.callback.__module__ != pages.__name__:
        return False
    return isinstance(entry.pattern, RoutePattern) and not entry.pattern.converters


PAGES = [f"/{entry.pattern}" for entry in urlpatterns if _is_page(entry)]
