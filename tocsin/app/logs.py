"""Logs: one JSON object a line on standard error; standard output stays free for results."""

import sys

import structlog


def configure_logs() -> None:
    """Let everything that is logged from now on be written so."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
