"""Health checks and metrics of a process."""

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from realtime import gateway


def healthz(request: HttpRequest) -> JsonResponse:
    """Respond with status 200. This shows that the process runs; nothing else is checked."""
    return JsonResponse({"success": True, "status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Respond with 503 if the database is unavailable, or if the bus does not return the messages of this process."""
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
