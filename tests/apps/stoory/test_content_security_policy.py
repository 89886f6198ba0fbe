"""The content security policy of successful responses. `test_error_responses` tests the policy of error responses."""

import pytest
from django.test import Client

from tests.pages import PAGES

OTHERS = {"/texts.js": 200, "/static/app/base.css": 200, "/healthz": 200, "/api/auth/me": 401, "/admin/": 302}
STATUS = OTHERS | {page: 200 for page in PAGES if page != "/demo"}  # the demo accounts do not exist


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [True, False], ids=["development", "production"])
@pytest.mark.parametrize(("address", "status"), STATUS.items())
def test_every_response_has_the_policy(settings, debug, address, status):
    settings.DEBUG = debug
    answer = Client().get(address, headers={"Accept": "text/html"})
    assert answer.status_code == status
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
