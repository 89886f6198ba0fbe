"""The account endpoints in the OpenAPI document."""

import pytest
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture(scope="module")
def document() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def operations(document) -> dict[str, dict]:
    paths = document["paths"].items()
    return {path: next(iter(methods.values())) for path, methods in paths if path.startswith("/api/auth/")}


def test_every_operation_documents_requests_responses_and_errors(operations):
    for path, operation in operations.items():
        assert ("requestBody" in operation) is (path != "/api/auth/me")
        success = {status for status in operation["responses"] if status < "300"}
        assert success == ({"201"} if path.endswith("register") else {"200"})
        for status in ("401", "403") if path.endswith("me") else ("400", "401", "403", "413", "415", "429"):
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"]


def test_the_security_schemes_are_documented(document):
    assert document["components"]["securitySchemes"] == {
        "access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "link": {"type": "apiKey", "in": "query", "name": "signature"},
    }


def test_limits_of_the_inputs(document):
    fields = document["components"]["schemas"]["RegistrationRequest"]["properties"]
    assert fields["email"]["format"] == "email"
    assert (fields["name"]["minLength"], fields["name"]["maxLength"]) == (1, 100)
    assert fields["role"]["enum"] == ["influencer", "brand_owner"]


def test_addresses_of_other_users_are_not_shown(document):
    schemas = document["components"]["schemas"]
    showing = {name for name, one in schemas.items() if "email" in one.get("properties", {})}
    assert showing == {"LoginRequest", "RegistrationRequest", "UserPayload"}
