"""How large files can be: of each type, announced, and all files of a user together."""

import threading
from typing import Any

import pytest
from django.db import connection

from messaging.models import ResumableUpload, Upload
from messaging.uploads.quota import insert_resumable_upload
from tests.api.messaging.uploads.test_textless_messages import MP3, MP4
from tests.api.messaging.uploads.test_uploads import PDF, picture, uploaded, uploads
from tests.api.shapes import refused
from tests.people import user_of

CONTENTS = {"picture": picture(), "video": MP4, "audio": MP3, "file": PDF}


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.parametrize("kind", CONTENTS)
def test_each_kind_has_a_limit(brand, settings, kind):
    content = CONTENTS[kind]
    settings.MAX_BYTES_OF_KIND = settings.MAX_BYTES_OF_KIND | {kind: len(content)}
    uploaded(brand, content)
    settings.MAX_BYTES_OF_KIND = settings.MAX_BYTES_OF_KIND | {kind: len(content) - 1}
    assert f"{len(content) - 1:,} bytes" in refused(uploads(brand, content), 413, "payload_too_large")["message"]
    for other in CONTENTS.keys() - {kind}:
        uploaded(brand, CONTENTS[other])


def test_the_announced_length_is_checked_before_the_type(brand, settings):
    settings.MAX_UPLOAD_BYTES = 2 * 1024 * 1024
    body = refused(uploads(brand, b"<html>" + b" " * 2 * 1024 * 1024), 413, "payload_too_large")
    assert body["message"] == "A file can have at most 2 MB."


def test_the_files_of_a_user_have_a_quota(brand, influencer, settings):
    settings.UPLOAD_QUOTA_BYTES = 2 * len(PDF)
    first = uploaded(brand)
    message = brand.says(brand.opens_chat_with(influencer), "The brief", attachments=[first["id"]])
    uploaded(brand)
    refused(uploads(brand), 413, "quota_exceeded")
    uploaded(influencer)
    brand.calls("DELETE", f"/api/messages/{message['id']}")
    uploaded(brand)
    refused(uploads(brand), 413, "quota_exceeded")


def test_what_is_still_to_come_counts(brand, settings):
    settings.UPLOAD_QUOTA_BYTES = 2 * len(PDF)
    insert_resumable_upload(ResumableUpload(owner=user_of(brand), length=len(PDF) + 1))
    refused(uploads(brand), 413, "quota_exceeded")
    ResumableUpload.objects.all().delete()
    uploaded(brand)


@pytest.mark.django_db(transaction=True)
def test_uploads_at_once_cannot_exceed_the_quota(brand, settings, tmp_path):
    settings.UPLOAD_QUOTA_BYTES = 3 * len(PDF)
    barrier, answers = threading.Barrier(6), []

    def upload() -> None:
        try:
            barrier.wait(30)
            answers.append(uploads(brand))
        finally:
            connection.close()

    threads: list[Any] = [threading.Thread(target=upload) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [413] * 3
    assert Upload.objects.count() == len([path for path in tmp_path.rglob("*") if path.is_file()]) == 3
