"""The log, on stderr: JSON, or lines to read where that is a terminal.

Whatever is logged while a request is answered has its `request_id`.
"""

import asyncio
import logging
from typing import Any, Final

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from accounts.request_ids import CURRENT
from accounts.request_log import RequestLine

# Of what a library hangs on its records, only what we know the meaning of.
_EXTRA: Final = {"request_ids", *RequestLine.__struct_fields__}

_encode = msgspec.json.Encoder().encode


class WorthALine(logging.Filter):
    """All but what others log of our callers' doings, which is no fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != "asyncio":
            return True
        # A client hung up, and nobody was left to be told that its request was called off.
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, asyncio.CancelledError)


def settings(*, as_json: bool, level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`: of our own `level`, of others what is a warning at least."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter, "as_json": as_json}},
        "filters": {"worth_a_line": {"()": WorthALine}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["worth_a_line"],
            }
        },
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            **{room: {"level": level} for room in ("config", "billing", "ledger", "accounts")},
            # A caller's mistakes are answered; their requests' own lines say how.
            "django.request": {"level": "ERROR"},
            "django.security": {"level": "CRITICAL"},
            # Whoever asks it for a connection and gets none says so.
            "psycopg.pool": {"level": "ERROR"},
        },
    }


def formatter(*, as_json: bool) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=_EXTRA),
            structlog.processors.TimeStamper(fmt="iso"),
            _add_request_id,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *(_json() if as_json else [structlog.dev.ConsoleRenderer()]),
        ],
    )


def _json() -> list[Processor]:
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_dumps),
    ]


def _dumps(event: Any, **options: Any) -> str:
    return _encode(event).decode()


def _add_request_id(logger: Any, method: str, event: EventDict) -> EventDict:
    name = CURRENT.get()
    if name is not None:
        event.setdefault("request_id", name)
    return event
