"""Middleware of the whole site."""

from collections.abc import Awaitable, Callable
from contextlib import closing

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class OptionalTrailingSlash:
    """`/api/messages/` means `/api/messages`, for every method: a redirect would lose the body of a POST."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if request.path_info.startswith("/api/") and request.path_info.endswith("/"):
            request.path_info = request.path_info.rstrip("/")
        return self.get_response(request)


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise with each file answered whole: a file that is streamed would be read whole under ASGI as well, with
    a warning of Django's about it."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        answer = HttpResponse(status=int(found.status))
        del answer["Content-Type"]
        for name, value in found.headers:
            answer[name] = value
        if found.file is not None:
            with closing(found.file):
                answer.content = found.file.read()
        return answer
