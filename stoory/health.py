"""Is this process alive, may it be given work, and what has it counted."""

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from realtime import gateway


def healthz(request: HttpRequest) -> JsonResponse:
    """The process responds; nothing else is checked."""
    return JsonResponse({"success": True, "status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """503 while the database is away, or this process does not hear itself over the bus."""
    checks = {"database": _database_answers(), "bus": gateway.bus_is_alive}
    ready = all(checks.values())
    body = {"success": ready, "status": "ready" if ready else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return False
    return True


def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS:
        raise Http404
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


HEALTH_VIEWS = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
