"""Runs the decoder on a file of a user: in a process of its own, with limits, one at a time for a person and two in
all on this machine."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep, time
from typing import IO, Any

import structlog
from django.conf import settings
from django.core.files import File
from prometheus_client import Histogram

from foundation import external_calls
from messaging.uploads.decoder.job import Job, Result

log = structlog.get_logger(__name__)

SLOTS = 2
"""Files that are decoded at the same time on this machine."""
PERSON_LOCKS = 64
"""Locks of persons; two persons can share one, and then wait for each other."""
ENDED = "Ended"
"""The fault of a decoder that ended before it had a result: it took too long, or too much memory."""
_POLL_SECONDS = 0.02
_CHUNK = 1024 * 1024

decode_seconds = Histogram(
    "stoory_decode_seconds",
    "Durations of the decoder, without the wait for its turn",
    ["outcome"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600),
)
"""`outcome` is decoded, failed or timed_out."""


class DecoderBusy(Exception):
    """Other files were being decoded during the whole wait."""


@dataclass(frozen=True)
class Decoded:
    """What the decoder made of a file; its files are removed with their folder."""

    job: Job
    result: Result


class MovableFile(File):  # type: ignore[type-arg]
    """A file of the decoder. A storage on this machine moves it instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


@contextmanager
def decoded(
    file: IO[bytes], content_type: str, *, person: uuid.UUID, wait_seconds: float, seconds: int
) -> Iterator[Decoded]:
    """Decode a file, and keep the results until the block ends. An upload on disk is not copied.

    Damaged files raise nothing: what the decoder did not find out is missing in the result. Raises `DecoderBusy` if it
    is not this file's turn within `wait_seconds`.
    """
    external_calls.check_nothing_is_held()
    with tempfile.TemporaryDirectory(prefix="file-", dir=_work_folder()) as folder, _turn(person, wait_seconds):
        job = Job(
            source=_path_of(file, Path(folder)),
            content_type=content_type,
            folder=folder,
            max_pixels=settings.UPLOAD_MAX_PIXELS,
            megabytes=settings.DECODE_MEGABYTES,
            seconds=seconds,
            exiftool=exiftool() or "",
        )
        _run(job)
        yield Decoded(job, _result_of(job))


def exiftool() -> str | None:
    """Return the path of the program that removes metadata best, or None if it is not installed."""
    return shutil.which("exiftool")


def _work_folder() -> Path:
    folder: Path = settings.DATA_DIR / "decoding"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def remove_abandoned_folders(*, older_than: timedelta) -> None:
    """Remove the folders of decoders whose server was killed."""
    for folder in _work_folder().glob("file-*"):
        with suppress(FileNotFoundError):
            if time() - folder.stat().st_mtime > older_than.total_seconds():
                shutil.rmtree(folder, ignore_errors=True)


def _path_of(file: IO[bytes], folder: Path) -> str:
    """Return the path of a file; a file that is only in memory or elsewhere is written to the folder."""
    with suppress(AttributeError, NotImplementedError):
        return str(_path_on_disk(file))
    target = folder / "source"
    file.seek(0)
    with target.open("wb") as written:
        shutil.copyfileobj(file, written, _CHUNK)
    return str(target)


def _path_on_disk(file: Any) -> str:
    """Return the path of a file on disk. Raises `AttributeError` or `NotImplementedError` for other files."""
    return file.temporary_file_path() if hasattr(file, "temporary_file_path") else file.path


def _run(job: Job) -> None:
    began, outcome = monotonic(), "failed"
    process = subprocess.Popen(  # noqa: S603 (this interpreter, with a list of arguments)
        [sys.executable, "-m", "messaging.uploads.decoder", json.dumps(asdict(job))],
        cwd=settings.BASE_DIR,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": job.folder, "TMPDIR": job.folder},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        outcome = "decoded" if process.wait(job.seconds) == 0 else "failed"
    except subprocess.TimeoutExpired:
        outcome = "timed_out"
    finally:
        _end(process)
        seconds = monotonic() - began
        decode_seconds.labels(outcome).observe(seconds)
        log.info("file_decoded", content_type=job.content_type, outcome=outcome, seconds=round(seconds, 3))


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the decoder, if it still runs, with the programs that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _result_of(job: Job) -> Result:
    try:
        result = Result(**json.loads(Path(job.folder, "result.json").read_text()))
    except FileNotFoundError:
        result = Result(fault=ENDED)
    if result.fault:
        log.info("decoding_failed", content_type=job.content_type, error=result.fault)
    return result


@contextmanager
def _turn(person: uuid.UUID, wait_seconds: float) -> Iterator[None]:
    """Wait for the turn of a person's file. The locks end with this process, however it ends."""
    until = monotonic() + wait_seconds
    persons = [f"person-{person.int % PERSON_LOCKS:02}"]
    with _one_lock(persons, until), _one_lock([f"slot-{number}" for number in range(SLOTS)], until):
        yield


@contextmanager
def _one_lock(names: Sequence[str], until: float) -> Iterator[None]:
    files = [(_work_folder() / name).open("a") for name in names]
    try:
        while not any(_locks(file) for file in files):
            if monotonic() > until:
                raise DecoderBusy
            sleep(_POLL_SECONDS)
        yield
    finally:
        for file in files:
            file.close()


def _locks(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
