"""Pages of the site itself, and what is answered where no view does."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from foundation import errors
from foundation.rest import PROBLEM_CONTENT_TYPE, problem_document
from stoory import demo


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A page; on a machine for development it knows the demo accounts, whose password is public."""
    context["origin"] = request.build_absolute_uri("/").rstrip("/")
    if settings.DEBUG and demo.exists():
        context["demo"] = {"password": demo.PASSWORD, "people": demo.PEOPLE, "admin": demo.ADMIN}
    return render(request, template, context)


def home(request: HttpRequest) -> HttpResponse:
    """What this is, where to go, and how to log in."""
    return _page(request, "home.html")


def developers(request: HttpRequest) -> HttpResponse:
    """How to log in and use the API."""
    return _page(request, "developers.html")


def sign_in(request: HttpRequest) -> HttpResponse:
    return _page(request, "sign_in.html")


def register(request: HttpRequest) -> HttpResponse:
    return _page(request, "register.html")


def chat(request: HttpRequest, **_: Any) -> HttpResponse:
    """The web client; which conversation is open is for its script to read from the address."""
    return _page(request, "chat.html")


def demo_page(request: HttpRequest) -> HttpResponse:
    """Both sides of one deal, signed in by the script with the demo accounts. Raises `Http404` without them."""
    if not (settings.DEBUG and demo.exists()):
        raise Http404
    sides = [{"email": person.email, "password": demo.PASSWORD} for person in demo.DEAL_PEOPLE]
    return _page(request, "demo.html", sides=sides)


def _fault(request: HttpRequest, error: errors.DomainError) -> HttpResponse:
    """A problem document for clients of the API, a page for everybody else."""
    if f"{request.path}/".startswith("/api/"):
        return JsonResponse(problem_document(error), status=error.status, content_type=PROBLEM_CONTENT_TYPE)
    return render(request, f"{error.status}.html", status=error.status)


@csrf_exempt
def unknown_api_address(request: HttpRequest) -> HttpResponse:
    """A view, because Django answers with its technical page where there is none and `DEBUG` is on."""
    return not_found(request)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _fault(request, errors.NotFound())


def bad_request(request: HttpRequest, exception: Any) -> HttpResponse:
    return _fault(request, errors.Invalid())


def forbidden(request: HttpRequest, exception: Any) -> HttpResponse:
    return _fault(request, errors.Forbidden())


def server_error(request: HttpRequest) -> HttpResponse:
    return _fault(request, errors.ServerError())
