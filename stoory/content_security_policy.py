"""The content security policy on every answer, those to faults included, whether `DEBUG` is on or off."""

from dataclasses import asdict

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.debug import ExceptionReporter

from stoory import pages


class DebugReporter(ExceptionReporter):
    """What a developer is shown of an exception, under the policy."""

    html_template_path = settings.BASE_DIR / "templates" / "debug.html"


class ContentSecurityPolicy(CSPMiddleware):
    """django-csp's middleware, without its exemption: it leaves out what answers 404 and 500 while `DEBUG` is on,
    since the pages that Django then shows are styled inline. Ours are not."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.exception_reporter_class = DebugReporter

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return pages.not_found(request) if isinstance(exception, Http404) else None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = super().process_response(request, response)
        if HEADER not in response:
            response[HEADER] = build_policy(**asdict(self.get_policy_parts(request, response)))
        return response
