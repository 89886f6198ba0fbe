"""Each route name leads to one view, even if other routes are added."""

from collections import defaultdict
from collections.abc import Iterator

from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver, include, path

Route = tuple[str, URLPattern]


def named_routes(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[Route]:
    """Yield each named route with its name as `reverse` expects it, including namespaces."""
    for one in patterns:
        if isinstance(one, URLResolver):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from named_routes(one.url_patterns, inner)
        elif one.name:
            yield f"{space}{one.name}", one


def ambiguous(routes: list[Route]) -> set[str]:
    """Return the names of more than one view."""
    views = defaultdict(set)
    for name, route in routes:
        views[name].add(route.callback)
    return {name for name, found in views.items() if len(found) > 1}


def without_namespace(routes: list[Route]) -> set[str]:
    return {name for name, _ in routes if ":" not in name}


def test_every_name_is_unique_and_has_a_namespace() -> None:
    routes = list(named_routes(get_resolver().url_patterns))
    assert {"pages:register", "api:register", "api:message-list", "admin:index"} <= {name for name, _ in routes}
    assert ambiguous(routes) == set()
    assert without_namespace(routes) == set()


def page(request: object) -> HttpResponse:
    return HttpResponse()


def resource(request: object) -> HttpResponse:
    return HttpResponse()


def test_ambiguous_names_and_names_without_namespace_are_found() -> None:
    pages, api = [path("register", page, name="register")], [path("register", resource, name="register")]
    side_by_side = list(named_routes([*pages, path("api/", include(api))]))
    assert ambiguous(side_by_side) == without_namespace(side_by_side) == {"register"}
    apart = list(named_routes([path("", include((pages, "pages"))), path("api/", include((api, "api")))]))
    assert ambiguous(apart) == without_namespace(apart) == set()
    one_space = list(named_routes([path("", include((pages, "site"))), path("api/", include((api, "site")))]))
    assert ambiguous(one_space) == {"site:register"}
    with_and_without_id = [path("chat", page, name="chat"), path("chat/<uuid:pk>", page, name="chat")]
    assert ambiguous(list(named_routes(with_and_without_id))) == set()
