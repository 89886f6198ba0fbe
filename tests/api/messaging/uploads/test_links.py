"""Links of files, parts of files, and the headers of downloads."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from accounts.models import User
from accounts.services import block, end_all_sessions
from conversations.models import ConversationView
from conversations.participant_removal import remove_participant
from foundation.clock import moved
from messaging.models import Upload
from tests.api.messaging.uploads.test_textless_messages import MP3, MP4
from tests.api.messaging.uploads.test_uploads import PDF, picture, uploaded
from tests.api.shapes import PROBLEM, is_time, refused, succeeded
from tests.harness.people import Person
from tests.harness.rest import Api
from tests.people import user_of

CONTENT = bytes(range(256)) * 300


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def anybody() -> Api:
    """A client without a token."""
    return Api()


def link(who: Person, upload: dict, **query: str) -> str:
    made = succeeded(who.api.get(f"/api/uploads/{upload['id']}/link", query), "url", "expires_at")
    assert is_time(made["expires_at"])
    assert made["url"].startswith("/api/uploads/")
    return made["url"]


def shared(brand: Person, influencer: Person, content: bytes = PDF) -> tuple[dict, dict]:
    """Return an upload of the brand and the message with which it was sent to the influencer."""
    upload = uploaded(brand, content)
    return upload, brand.says(brand.opens_chat_with(influencer), "Look", attachments=[upload["id"]])


# Links


def test_a_link_needs_no_token(brand, influencer, anybody):
    upload, _ = shared(brand, influencer, picture())
    for who in (brand, influencer):
        answer = anybody.get(link(who, upload))
        assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, picture(), "image/png")
        small = anybody.get(link(who, upload, thumbnail="true"))
        assert (small.content[8:12], small["Content-Type"]) == (b"WEBP", "image/webp")
    for path in ("", "/thumbnail"):
        refused(anybody.get(f"/api/uploads/{upload['id']}{path}"), 401, "token_missing")


def test_a_link_is_made_with_the_rights_to_read(brand, influencer, stranger, anybody):
    upload = uploaded(brand)
    path = f"/api/uploads/{upload['id']}/link"
    for other in (influencer, stranger):
        refused(other.api.get(path), 404, "not_found")
    refused(anybody.get(path), 401, "token_missing")
    refused(brand.api.get(path, {"thumbnail": "true"}), 404, "not_found")
    refused(brand.api.get(path, {"thumbnail": "yes"}), 400, "invalid", "thumbnail")
    for wrong in ("nothing", "00000000-0000-0000-0000-000000000001"):
        refused(brand.api.get(f"/api/uploads/{wrong}/link"), 404, "not_found")
    refused(anybody.get(f"{path}?{urlsplit(link(brand, upload)).query}"), 401, "token_missing")


def test_a_link_expires(brand, anybody, settings):
    upload = uploaded(brand)
    settings.MEDIA_LINK_SECONDS = 60
    url = link(brand, upload)
    with moved(timedelta(seconds=59)):
        assert anybody.get(url).content == PDF
    with moved(timedelta(seconds=60)):
        refused(anybody.get(url), 404, "not_found")
        assert anybody.get(link(brand, upload)).content == PDF


def test_a_link_opens_one_file_in_one_form(brand, anybody):
    first, second = uploaded(brand, picture()), uploaded(brand, picture())
    of_file, of_thumbnail = urlsplit(link(brand, first)).query, urlsplit(link(brand, first, thumbnail="true")).query
    assert anybody.get(f"{first['url']}?{of_file}").status_code == 200
    assert anybody.get(f"{first['thumbnail_url']}?{of_thumbnail}").status_code == 200
    for wrong in (
        f"{first['url']}?{of_thumbnail}",
        f"{first['thumbnail_url']}?{of_file}",
        f"{second['url']}?{of_file}",
        f"{second['thumbnail_url']}?{of_thumbnail}",
    ):
        refused(anybody.get(wrong), 404, "not_found")
    refused(anybody.get(f"/api/conversations?{of_file}"), 401, "token_missing")
    refused(anybody.post(f"/api/uploads?{of_file}"), 401, "token_missing")


def test_a_changed_signature_is_refused(brand, anybody):
    path, _, query = link(brand, uploaded(brand)).partition("?")
    ((name, signature),) = parse_qsl(query)
    changed = [
        signature[:-1] + ("A" if signature[-1] != "A" else "B"),
        signature[1:],
        "",
        "x",
        "x" * 10_000,
        ":",
        "ü:ü",
    ]
    for wrong in changed:
        refused(anybody.get(f"{path}?{urlencode({name: wrong})}"), 404, "not_found")


def test_rights_are_checked_when_a_link_is_used(brand, influencer, anybody):
    def fresh() -> tuple[str, dict]:
        upload, message = shared(brand, influencer)
        url = link(influencer, upload)
        assert anybody.get(url).content == PDF
        return url, message

    url, message = fresh()
    brand.calls("DELETE", f"/api/messages/{message['id']}")
    refused(anybody.get(url), 404, "not_found")

    url, message = fresh()
    remove_participant(conversation_id=message["conversation_id"], user_id=influencer.pk)
    refused(anybody.get(url), 404, "not_found")


@pytest.mark.parametrize("ending", ["logout", "everywhere", "block", "password"])
def test_a_link_ends_with_its_login_session(brand, anybody, ending):
    url = link(brand, uploaded(brand))
    user = user_of(brand)
    if ending == "logout":
        brand.calls("POST", "/api/auth/logout", {"refresh": brand.refresh})
    elif ending == "everywhere":
        end_all_sessions(user=user, reason="test")
    elif ending == "block":
        block(user=user)
    else:
        user.set_password("another-Horse-8")
        user.save()
    refused(anybody.get(url), 404, "not_found")
    assert User.objects.filter(pk=brand.pk).exists()


def test_an_operators_view_is_recorded_once_for_a_link(brand, influencer, operator, anybody):
    upload, _ = shared(brand, influencer)
    url = link(operator, upload)
    for part in ("bytes=0-1", "bytes=2-3", "bytes=4-"):
        assert anybody.get(url, headers={"Range": part}).status_code == 206
    assert list(ConversationView.objects.values_list("through", "subject")) == [("file", upload["id"])]


# Headers


@pytest.mark.parametrize(
    ("content", "disposition"),
    [(picture(), "inline"), (MP4, "inline"), (MP3, "inline"), (PDF, "attachment")],
    ids=["picture", "video", "audio", "document"],
)
def test_links_show_only_media_inline(brand, anybody, content, disposition):
    upload = uploaded(brand, content)
    answer = anybody.get(link(brand, upload))
    assert answer["Content-Disposition"].split(";")[0] == disposition
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    saved = anybody.get(link(brand, upload, download="true"))
    assert saved["Content-Disposition"] == f'attachment; filename="{upload["name"]}"'


def test_a_link_itself_is_not_cached(brand):
    answer = brand.api.get(f"/api/uploads/{uploaded(brand)['id']}/link")
    assert answer["Cache-Control"] == "no-store"


def test_other_origins_can_play_media(brand, settings):
    settings.CORS_ALLOW_ALL_ORIGINS, settings.CORS_ALLOWED_ORIGINS = False, ["https://app.example"]
    url = link(brand, uploaded(brand, MP4))
    answer = Api().get(url, headers={"Origin": "https://app.example", "Range": "bytes=0-3"})
    assert answer["Access-Control-Allow-Origin"] == "https://app.example"
    exposed = {name.strip() for name in answer["Access-Control-Expose-Headers"].split(",")}
    assert {"Content-Range", "Accept-Ranges", "ETag", "Content-Disposition"} <= exposed


# Parts


@pytest.fixture
def stored(brand) -> dict:
    """An upload with `CONTENT`, longer than a chunk."""
    upload = uploaded(brand)
    row = Upload.objects.get(pk=upload["id"])
    with row.file.open("wb") as file:
        file.write(CONTENT)
    return upload


LAST = len(CONTENT) - 1
PARTS = {
    "bytes=0-0": (0, 0),
    "bytes=0-": (0, LAST),
    "bytes=10-19": (10, 19),
    "bytes=65530-70000": (65_530, 70_000),
    f"bytes={LAST}-": (LAST, LAST),
    f"bytes=5-{10**17}": (5, LAST),
    "bytes=-1": (LAST, LAST),
    "bytes=-70000": (LAST - 69_999, LAST),
    f"bytes=-{10**17}": (0, LAST),
    "BYTES= 10-19 ": (10, 19),
}


@pytest.mark.parametrize("header", PARTS)
def test_a_part_of_a_file(brand, anybody, stored, header):
    first, last = PARTS[header]
    for answer in (
        brand.api.get(stored["url"], headers={"Range": header}),
        anybody.get(link(brand, stored), headers={"Range": header}),
    ):
        assert (answer.status_code, answer.content) == (206, CONTENT[first : last + 1])
        assert answer["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"
        assert answer["Content-Length"] == str(last - first + 1)
        assert answer["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    "header",
    [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-5", "bytes=1-2,4-5", "bytes=0-0,-1", "lines=0-5",
        "bytes=1.5-2", "bytes=+1-2", "bytes=\u0661-\u0662", "bytes=" + "1" * 5_000 + "-", "0-5",
    ],
)  # fmt: skip
def test_a_range_that_is_not_understood_is_ignored(brand, stored, header):
    answer = brand.api.get(stored["url"], headers={"Range": header})
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer["Content-Length"] == str(len(CONTENT))
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize("header", [f"bytes={len(CONTENT)}-", f"bytes={10**17}-{10**17 + 1}", "bytes=-0"])
def test_a_range_behind_the_end(brand, stored, header):
    answer = brand.api.get(stored["url"], headers={"Range": header})
    assert refused(answer, 416, "range_not_satisfiable").keys() == PROBLEM
    assert answer["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_if_range_and_other_conditions(brand, stored):
    tag = brand.api.get(stored["url"])["ETag"]
    part = {"Range": "bytes=1-2"}

    def answered(**conditions: str) -> int:
        return brand.api.get(
            stored["url"], headers={name.replace("_", "-"): value for name, value in conditions.items()}
        )

    assert answered(**part, If_Range=tag).content == CONTENT[1:3]
    for other in ('"other"', f"W/{tag}", "Mon, 30 Nov 2026 12:00:00 GMT", ""):
        assert answered(**part, If_Range=other).content == CONTENT
    unchanged = answered(If_None_Match=tag)
    assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", tag)
    assert answered(If_None_Match='"other"').content == CONTENT
    assert answered(If_Match='"other"').status_code == 412
    assert answered(If_Match=tag).content == CONTENT


def test_head_has_the_headers_of_get(brand, anybody, stored):
    for url in (stored["url"], link(brand, stored)):
        api = brand.api if url == stored["url"] else anybody
        head, get = api.send("HEAD", url, b""), api.get(url)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Content-Disposition"):
            assert head[name] == get[name]
        refused_part = api.send("HEAD", url, b"", headers={"Range": "bytes=0-0"})
        assert (refused_part.status_code, refused_part["Content-Length"]) == (200, str(len(CONTENT)))


def test_a_file_that_is_gone(brand, anybody):
    upload = uploaded(brand)
    url = link(brand, upload)
    row = Upload.objects.get(pk=upload["id"])
    row.file.storage.delete(row.file.name)
    refused(anybody.get(url), 404, "not_found")
    refused(brand.api.get(upload["url"]), 404, "not_found")
