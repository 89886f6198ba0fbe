"""Pages of the site itself, and what is answered where no view does."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

from foundation import refusals
from foundation.rest import PROBLEM, problem_document
from stoory import demo


def home(request: HttpRequest) -> HttpResponse:
    """How to log in and use the API."""
    context: dict[str, Any] = {"origin": request.build_absolute_uri("/").rstrip("/")}
    if settings.DEBUG and demo.is_there():
        context["demo"] = {"password": demo.PASSWORD, "people": demo.PEOPLE, "admin": demo.ADMIN}
    return render(request, "home.html", context)


def _problem(refusal: refusals.Refusal) -> JsonResponse:
    return JsonResponse(problem_document(refusal), status=refusal.status, content_type=PROBLEM)


def _is_api(request: HttpRequest) -> bool:
    return f"{request.path}/".startswith("/api/")


def bad_request(request: HttpRequest, exception: Any) -> HttpResponse:
    if _is_api(request):
        return _problem(refusals.Invalid())
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Any) -> HttpResponse:
    if _is_api(request):
        return _problem(refusals.Forbidden())
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Any) -> HttpResponse:
    if _is_api(request):
        return _problem(refusals.NotFound())
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return _problem(refusals.ServerError())
    return defaults.server_error(request)
