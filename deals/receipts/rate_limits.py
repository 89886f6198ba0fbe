"""The rate limit of receipts."""

from django.conf import settings

from foundation.rate_limits import Bucket

RECEIPTS = Bucket("receipts", settings.RECEIPTS_PER_MINUTE, settings.RECEIPTS_PER_MINUTE / 60)
