"""The settings of the processes of the scenario `money`: the sandbox writes down the refunds that it gets."""

from stoory.settings import *  # noqa: F403
from stoory.settings import INSTALLED_APPS as OF_THE_PRODUCT

INSTALLED_APPS = [*OF_THE_PRODUCT, "faults.shell.refund_log.RefundLog"]
