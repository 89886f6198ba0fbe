"""Pages of other origins that can use the REST API (Fetch standard, CORS protocol)."""

import pytest
from django.test import Client

from tests.factories import login, make_user

pytestmark = pytest.mark.django_db

APP = "http://localhost:5173"
ELSEWHERE = "https://elsewhere.example"


@pytest.fixture(autouse=True)
def one_origin(settings):
    settings.CORS_ALLOW_ALL_ORIGINS = False
    settings.CORS_ALLOWED_ORIGINS = [APP]


def preflight(origin: str, path: str = "/api/messages"):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    return Client().options(path, headers={"Origin": origin, **asked})


def test_a_listed_origin_can_send_a_token_and_json():
    answer = preflight(APP)
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == APP
    assert "POST" in answer["Access-Control-Allow-Methods"]
    assert {"authorization", "content-type"} <= set(answer["Access-Control-Allow-Headers"].split(", "))


@pytest.mark.parametrize("path", ["/api/messages", "/api/messages/"])
def test_a_listed_origin_can_read_responses_and_errors(path):
    refused = Client().post(path, {}, content_type="application/json", headers={"Origin": APP})
    assert refused.status_code == 401
    assert refused["Access-Control-Allow-Origin"] == APP
    assert "Retry-After" in refused["Access-Control-Expose-Headers"]
    token = login(make_user())
    answered = Client().get("/api/auth/me", headers={"Origin": APP, "Authorization": f"Bearer {token}"})
    assert (answered.status_code, answered["Access-Control-Allow-Origin"]) == (200, APP)


@pytest.mark.parametrize("origin", [ELSEWHERE, "null", APP + ".example", "https://localhost:5173"])
def test_other_origins_are_rejected(origin):
    for answer in (preflight(origin), Client().get("/api/auth/me", headers={"Origin": origin})):
        assert "Access-Control-Allow-Origin" not in answer


def test_a_wildcard_permits_any_origin(settings):
    settings.CORS_ALLOW_ALL_ORIGINS = True
    assert preflight(ELSEWHERE)["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("all_origins", [True, False])
def test_credentials_are_never_permitted(settings, all_origins):
    settings.CORS_ALLOW_ALL_ORIGINS = all_origins
    assert "Access-Control-Allow-Credentials" not in preflight(APP)


@pytest.mark.parametrize("path", ["/admin/login/", "/", "/readyz"])
def test_only_the_api_permits_other_origins(path):
    assert "Access-Control-Allow-Origin" not in Client().get(path, headers={"Origin": APP})


def test_a_listed_origin_can_send_files_in_parts_and_play_them():
    asked = {"Access-Control-Request-Method": "PATCH", "Origin": APP}
    needed = {
        "authorization",
        "tus-resumable",
        "upload-offset",
        "upload-length",
        "upload-metadata",
        "range",
        "if-range",
    }
    answer = Client().options("/api/uploads/resumable/1", headers=asked)
    assert answer.status_code == 200
    assert "PATCH" in answer["Access-Control-Allow-Methods"]
    assert needed <= set(answer["Access-Control-Allow-Headers"].split(", "))
    refused = Client().post("/api/uploads/resumable", headers={"Origin": APP, "Tus-Resumable": "1.0.0"})
    assert refused["Access-Control-Allow-Origin"] == APP
    exposed = set(refused["Access-Control-Expose-Headers"].split(", "))
    assert {"Location", "Upload-Offset", "Upload-Length", "Upload-Expires", "Tus-Resumable", "Content-Range"} <= exposed
