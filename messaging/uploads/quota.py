"""The sizes that files can have, and the space that the files of one user can take together."""

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from foundation.errors import PayloadTooLarge
from messaging.errors import QuotaExceeded
from messaging.models import ResumableUpload, Upload
from messaging.upload_kinds import kind_of


def check_announced_size(size: int) -> None:
    """Check the size of a file whose type is not known yet. Raises `PayloadTooLarge`."""
    _check(size, settings.MAX_UPLOAD_BYTES, "file")


def check_size(size: int, content_type: str) -> None:
    """Check the size of a file of this type. Raises `PayloadTooLarge`."""
    kind = kind_of(content_type, is_voice=False)
    _check(size, settings.MAX_BYTES_OF_KIND[kind], "file of this type" if kind == "file" else f"{kind} file")


def _check(size: int, limit: int, what: str) -> None:
    if size > limit:
        shown = f"{limit // settings.MEGABYTE:,} MB" if limit >= settings.MEGABYTE else f"{limit:,} bytes"
        raise PayloadTooLarge(f"A {what} can have at most {shown}.")


def check_quota(owner: User, size: int) -> None:
    """Check that the user has space for `size` more bytes. Raises `QuotaExceeded`."""
    stored = Upload.objects.filter(owner=owner, revision=None).aggregate(total=Sum("size"))["total"] or 0
    announced = ResumableUpload.objects.filter(owner=owner).aggregate(total=Sum("length"))["total"] or 0
    if stored + announced + size > settings.UPLOAD_QUOTA_BYTES:
        raise QuotaExceeded


def insert_upload(upload: Upload) -> None:
    """Insert the row of a stored file. It replaces the row of the resumable upload with the same id, if there is one,
    which has the space already.

    Raises `QuotaExceeded`.
    """
    with transaction.atomic():
        _lock(upload.owner)
        is_reserved = ResumableUpload.objects.filter(pk=upload.pk).delete()[0]
        if not is_reserved:
            check_quota(upload.owner, upload.size)
        upload.save()


def insert_resumable_upload(upload: ResumableUpload) -> None:
    """Insert the row of a resumable upload, which reserves its space. Raises `QuotaExceeded`."""
    with transaction.atomic():
        _lock(upload.owner)
        check_quota(upload.owner, upload.length)
        upload.save()


def _lock(owner: User) -> None:
    """Lock the user, so that uploads at the same time cannot exceed the quota together."""
    list(User.objects.filter(pk=owner.pk).select_for_update(no_key=True).values_list("pk"))
