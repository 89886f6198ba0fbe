"""Static files and optional slashes."""

import pytest
from django.test import AsyncClient, Client

PATH = "/static/transcript.css"


def test_a_static_file_is_answered_whole():
    answer = Client().get(PATH)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/css")
    assert b".bubble" in answer.content
    assert not answer.streaming


async def test_it_is_so_under_asgi_too():
    answer = await AsyncClient().get(PATH)
    assert b".bubble" in answer.content


def test_what_the_browser_has_is_not_sent_again():
    first = Client().get(PATH)
    again = Client().get(PATH, headers={"If-Modified-Since": first["Last-Modified"]})
    assert (again.status_code, again.content) == (304, b"")


def test_only_the_head():
    answer = Client().head(PATH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer["Content-Length"]) > 100


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/auth/token", "/api/auth/token/"])
def test_the_last_slash_is_free_for_posts_too(path):
    answer = Client().post(path, {"email": "nobody@example.com", "password": "x"}, content_type="application/json")
    assert answer.status_code == 401
