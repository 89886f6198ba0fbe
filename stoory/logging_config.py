"""Structured logging: one line for each event, as text in development and as JSON in production."""

import logging
import logging.config
from typing import Any

import structlog

_CHATTY = ("asyncio", "engineio", "fontTools", "fpdf", "httpx", "socketio", "urllib3", "uvicorn")

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class WithoutQueryStrings(logging.Filter):
    """Removes query strings from access log lines, because they contain Socket.IO session ids."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                value.partition("?")[0] if isinstance(value, str) and "?" in value else value for value in record.args
            )
        return True


def configure(options: dict[str, str]) -> None:
    """Configure logging. Django calls this with the setting `LOGGING`: `format` (console or json) and `level`."""
    final: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if options["format"] == "json"
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"query": {"()": WithoutQueryStrings}},
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": _SHARED,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
                }
            },
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "structured", "filters": ["query"]}},
            "root": {"handlers": ["out"], "level": options["level"]},
            "loggers": {
                "django": {"handlers": [], "level": "INFO"},
                "django.request": {"level": "ERROR"},
            }
            | {name: {"level": "WARNING"} for name in _CHATTY},
        }
    )
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
