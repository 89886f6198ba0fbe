"""Lines of JSON that processes under test append to a file. A line is written with one system call, so that a killed
process leaves no part of a line."""

import json
import os
import time
from typing import Any


def append_line(variable: str, **fields: Any) -> None:
    """Append a line to the file that this environment variable names, with the time of the machine's monotonic clock
    and the process id."""
    line = json.dumps({"at": time.monotonic(), "pid": os.getpid(), **fields}) + "\n"
    file = os.open(os.environ[variable], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)
