"""`python -m messaging.uploads.decoder JOB`: process one file. `JOB` is JSON with the members of `Job`.

The result is written to `result.json` in the folder of the job after each of the two steps, so that a failure in the
second step does not lose the first.
"""

import json
import os
import sys
from pathlib import Path

from messaging.uploads.decoder import cleaning, facts
from messaging.uploads.decoder.job import Job, Result
from messaging.uploads.decoder.limits import apply_limits


def main(text: str) -> None:
    job = Job(**json.loads(text))
    apply_limits(megabytes=job.megabytes, seconds=job.seconds)
    result = Result()
    if job.content_type in cleaning.CLEANERS:
        result.metadata_removed = cleaning.clean(job)
        _write(job, result)
    source = job.cleaned if result.metadata_removed else Path(job.source)
    facts.examine(job, source, result, lambda: _write(job, result))
    _write(job, result)


def _write(job: Job, result: Result) -> None:
    written = Path(job.folder, "result.part")
    written.write_text(json.dumps(vars(result)))
    os.replace(written, Path(job.folder, "result.json"))


if __name__ == "__main__":
    main(sys.argv[1])
