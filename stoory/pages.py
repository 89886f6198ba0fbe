"""The pages of the site, and the error responses for requests that no view handles."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from foundation import errors
from foundation.rest import PROBLEM_CONTENT_TYPE, problem_document
from stoory import demo


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """Render a page. In development, its context has the demo accounts, whose password is public."""
    context["origin"] = request.build_absolute_uri("/").rstrip("/")
    if settings.DEBUG and demo.exists():
        context["demo"] = {"password": demo.PASSWORD, "people": demo.PEOPLE, "admin": demo.ADMIN}
    return render(request, template, context)


def home(request: HttpRequest) -> HttpResponse:
    """The home page."""
    return _page(request, "home.html")


def developers(request: HttpRequest) -> HttpResponse:
    """The page for developers: how to log in and use the API."""
    return _page(request, "developers.html")


def sign_in(request: HttpRequest) -> HttpResponse:
    return _page(request, "sign_in.html")


def register(request: HttpRequest) -> HttpResponse:
    return _page(request, "register.html")


def chat(request: HttpRequest, **_: Any) -> HttpResponse:
    """The web client. Its script reads the id of the open conversation from the address."""
    return _page(request, "chat.html")


def receipt(request: HttpRequest, **_: Any) -> HttpResponse:
    """The receipt of a conversation. Its script reads the id from the address, and loads the receipt."""
    return _page(request, "receipt.html")


def demo_page(request: HttpRequest) -> HttpResponse:
    """Both sides of a deal on one page; its script uses demo accounts. Raises `Http404` if they do not exist."""
    if not (settings.DEBUG and demo.exists()):
        raise Http404
    sides = [{"email": person.email, "password": demo.PASSWORD} for person in demo.DEAL_PEOPLE]
    return _page(request, "demo.html", sides=sides)


def _fault(request: HttpRequest, error: errors.DomainError) -> HttpResponse:
    """Return a problem document for paths of the API, and a page for all other paths."""
    if f"{request.path}/".startswith("/api/"):
        return JsonResponse(problem_document(error), status=error.status, content_type=PROBLEM_CONTENT_TYPE)
    return render(request, f"{error.status}.html", status=error.status)


@csrf_exempt
def unknown_api_address(request: HttpRequest) -> HttpResponse:
    """Respond with 404. Without this view, Django would send its technical page while `DEBUG` is on."""
    return not_found(request)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _fault(request, errors.NotFound())


def bad_request(request: HttpRequest, exception: Any) -> HttpResponse:
    return _fault(request, errors.Invalid())


def forbidden(request: HttpRequest, exception: Any) -> HttpResponse:
    return _fault(request, errors.Forbidden())


def server_error(request: HttpRequest) -> HttpResponse:
    return _fault(request, errors.ServerError())
