"""Logs: one JSON object per line on standard error, whoever writes it, and nothing in it that must not be there."""

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor

from gateway.redaction import redact, told_error

#: What libraries say is of interest from here on, whatever is asked of us: their smaller words repeat what is sent.
OTHERS = logging.WARNING


def configure_logs(level: str) -> None:
    """Write structured lines from ``level`` (debug, info, warning, error) on.

    Args:
        level: the least important level that is written.
    """
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[*processors(), renderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    others = logging.StreamHandler(sys.stderr)
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_named, *processors()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer()],
        )
    )
    logging.basicConfig(level=max(number, OTHERS), handlers=[others], force=True)
    logging.captureWarnings(True)


def processors() -> list[Processor]:
    """Return what is done to every event before it is written, whoever it is of."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _error,
        redact,
    ]


def renderer() -> Processor:
    """Return what makes a line of an event."""
    return structlog.processors.JSONRenderer(serializer=_json)


def _error(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Put an exception into words."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["exception"] = told_error(error)
    return event


def _named(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Say which library wrote a line, and keep its words apart from our names of events."""
    record = event["_record"]
    event["logger"] = record.name
    event["words"] = event["event"]
    event["event"] = "library"
    event["exc_info"] = record.exc_info
    return event


def _json(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
