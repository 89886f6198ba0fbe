"""Middleware of the site. Like the views, it is synchronous (`stoory.asgi_handler`)."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from stoory.health import HEALTH_VIEWS

GetResponse = Callable[[HttpRequest], HttpResponse]


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Adds the content security policy to all responses except Django's technical error pages, which have inline styles
    and scripts. While `DEBUG` is on, django-csp itself exempts every 404 and 500, including JSON, but no 400."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if _may_be_technical(response):
            return response
        response = super().process_response(request, response)
        if HEADER not in response:
            response[HEADER] = build_policy(**asdict(self.get_policy_parts(request, response)))
        return response


def _may_be_technical(response: HttpResponseBase) -> bool:
    """Return whether this can be one of the technical pages that Django sends while `DEBUG` is on."""
    is_html = response.get("Content-Type", "").startswith("text/html")
    return settings.DEBUG and is_html and response.status_code in {400, 404, 500}


class HealthCheckMiddleware:
    """Answers health checks before the host name and scheme are checked: load balancers and supervisors use an IP
    address and plain HTTP."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HEALTH_VIEWS.get(request.path_info, self.get_response)(request)


class OptionalTrailingSlashMiddleware:
    """Handles `/api/messages/` like `/api/messages`, for every method. A redirect would lose the body of a POST."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and request.path_info.endswith("/"):
            request.path_info = request.path_info.rstrip("/")
        return self.get_response(request)


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise without streaming. Under ASGI, Django would read a streamed file as a whole anyway, with a warning."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:  # type: ignore[override]  # as the base
        found = static_file.get_response(request.method, request.META)
        answer = HttpResponse(status=int(found.status))
        del answer["Content-Type"]
        for name, value in found.headers:
            answer[name] = value
        if found.file is not None:
            with closing(found.file):
                answer.content = found.file.read()
        return answer
