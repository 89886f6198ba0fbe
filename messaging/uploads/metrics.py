"""The metrics of files."""

from prometheus_client import Counter

from messaging.models import Upload

_uploads = Counter("stoory_uploads_total", "Files that were stored", ["kind"])
_bytes = Counter("stoory_upload_bytes_total", "Bytes of the files that were stored", ["kind"])


def count_upload(upload: Upload) -> None:
    _uploads.labels(upload.kind).inc()
    _bytes.labels(upload.kind).inc(upload.size)
