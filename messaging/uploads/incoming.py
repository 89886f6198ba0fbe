"""The incoming folder: the bytes of uploads that are not complete, as they arrive.

A file has the size that was received; killed processes lose nothing. The newest request that writes to a file is its
writer. Its token is in a second file, so that a request that was replaced, in any process of the machine, notices it.
"""

import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from foundation.errors import NotFound
from messaging.errors import UploadLocked, WrongOffset

MAX_AGE = timedelta(days=2)
"""The age after which a file of the folder is certainly of no use."""


def _path(upload_id: uuid.UUID) -> Path:
    return Path(settings.INCOMING_DIR) / str(upload_id)


def _token_path(upload_id: uuid.UUID) -> Path:
    return _path(upload_id).with_suffix(".writer")


def create_file(upload_id: uuid.UUID) -> None:
    _path(upload_id).touch(mode=0o600)


def received_bytes(upload_id: uuid.UUID) -> int:
    """Return the size of a file. Raises `NotFound` if this machine does not have it."""
    try:
        return _path(upload_id).stat().st_size
    except FileNotFoundError:
        raise NotFound from None


def remove_file(upload_id: uuid.UUID) -> None:
    for path in (_path(upload_id), _token_path(upload_id)):
        path.unlink(missing_ok=True)


def remove_old_files() -> None:
    """Remove files that processes left behind, among them temporary files of killed processes."""
    limit = time.time() - MAX_AGE.total_seconds()
    for path in Path(settings.INCOMING_DIR).iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < limit:
                path.unlink()


@contextlib.contextmanager
def locked_file(upload_id: uuid.UUID) -> Iterator[Path]:
    """Lock a file against writers and other readers, and yield its path. Raises `NotFound` and `UploadLocked`."""
    descriptor = _open(upload_id)
    try:
        _lock(descriptor)
        yield _path(upload_id)
    finally:
        os.close(descriptor)


class Writer:
    """Appends to the file of an upload, until another writer replaces it."""

    def __init__(self, upload_id: uuid.UUID, offset: int) -> None:
        """Become the writer. Raises `NotFound`, `UploadLocked`, and `WrongOffset` if the file has another size."""
        self._token_path, self._token = _token_path(upload_id), uuid.uuid4().bytes
        self._descriptor = _open(upload_id)
        try:
            _lock(self._descriptor)
            if os.fstat(self._descriptor).st_size != offset:
                raise WrongOffset
            self._token_path.write_bytes(self._token)
        except BaseException:
            os.close(self._descriptor)
            raise
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self.offset = offset

    def write(self, part: bytes) -> None:
        """Append bytes. Raises `UploadLocked` if this writer was replaced."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            if not self._token_path.exists() or self._token_path.read_bytes() != self._token:
                raise UploadLocked
            while part:
                written = os.pwrite(self._descriptor, part, self.offset)
                self.offset, part = self.offset + written, part[written:]
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Store the bytes on the disk. Closing it again does nothing."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _open(upload_id: uuid.UUID) -> int:
    try:
        return os.open(_path(upload_id), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound from None


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UploadLocked from None
