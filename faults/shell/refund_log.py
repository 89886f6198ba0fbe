"""Makes the sandbox write every refund that it gets to the file `REFUND_LOG`, and answer slowly, so that processes are
killed between the refund and their note of it."""

import random
import time
from typing import Any

from django.apps import AppConfig
from django.utils.module_loading import import_string

from faults.shell.line_log import append_line

SECONDS = (0.1, 0.6)


class RefundLog(AppConfig):
    name = "faults.shell"
    label = "refund_log"

    def ready(self) -> None:
        sandbox = import_string("deals.payments.sandbox.Sandbox")  # not before the applications are loaded
        sandbox.refund = _logged(sandbox.refund)


def _logged(refund: Any) -> Any:
    def logged(sandbox: Any, request: Any) -> Any:
        append_line("REFUND_LOG", order=str(request.order_id), amount=request.amount, key=request.key)
        time.sleep(random.uniform(*SECONDS))
        return refund(sandbox, request)

    return logged
