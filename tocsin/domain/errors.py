r"""Errors, by who must act.

::

    TocsinError
     |- NoticeError         we were sent nonsense   -> quarantine the raw bytes, count, go on
     |- ScienceError        no honest answer        -> a result, shown to the advocate
     |- RemoteError         Slack, GCN, archive     -> retry with a cap, then the second channel
     |- ConflictError       somebody was first      -> HTTP 409
     |- NotAllowedError     not for this person     -> HTTP 403
     |- BusyError           too much at once        -> HTTP 503, to be asked again
     |- NotNowError         as things stand, no     -> refuse to start, and be started again: it may mend by itself
     `- ConfigurationError  a setting is wrong      -> refuse to start, name the file and the key
         `- BurstFileError  a burst file is wrong   -> the command ends, names the file and the key

Anything else is a bug. This module must not import anything of Tocsin.
"""

from datetime import datetime


class TocsinError(Exception):
    """Any failure Tocsin names itself: what happened, and what to do about it.

    Parameters
    ----------
    message
        What happened, in words a person on call understands.
    remedy
        What to do about it; empty where the message says it all.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Message, with the remedy where there is one."""
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class NoticeError(TocsinError):
    """Bytes that are no notice: quarantined with the reason; the next notice is read."""


class ScienceError(TocsinError):
    """No honest answer exists: a gap, too few counts, a baseline too short, annuli that do not meet."""


class RemoteError(TocsinError):
    """A service outside failed: retried with a cap, then the second channel.

    Parameters
    ----------
    message, remedy
        As in `TocsinError`.
    retry_after_s
        Seconds the service asked us to wait, if it said so.
    ambiguous
        True when the request may have been carried out although no answer came.
    """

    def __init__(
        self, message: str, *, remedy: str = "", retry_after_s: float | None = None, ambiguous: bool = False
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after_s = retry_after_s
        self.ambiguous = ambiguous


#: Head of the remedy of data that will exist: by it they are told from a service that failed.
ASKED_AGAIN = "asked again at "


class DataNotYetError(RemoteError):
    """Data will exist, but not yet: ask again at the stated time.

    Parameters
    ----------
    message
        Why there is nothing yet.
    expected_utc
        When to ask again.
    """

    def __init__(self, message: str, *, expected_utc: datetime) -> None:
        super().__init__(message, remedy=f"{ASKED_AGAIN}{expected_utc:%H:%M:%S} UTC")
        self.expected_utc = expected_utc


class ConflictError(TocsinError):
    """Somebody or something was first."""


class NotAllowedError(TocsinError):
    """Not for this person or token."""


class UnprovenError(NotAllowedError):
    """Not proven to come from whom it says: a forged, stale or replayed request."""


class BusyError(TocsinError):
    """Others are before this request: to be asked again."""


class NotNowError(TocsinError):
    """Things stand so that the service refuses to start, but may mend without us: it is to be started again."""


class ConfigurationError(TocsinError):
    """A setting is missing or wrong: the service refuses to start.

    Parameters
    ----------
    message
        What is wrong.
    file
        The configuration file (or ``environment``).
    key
        The key within it, dotted; ``(file)`` for the whole of it.
    """

    remedy_always = "correct the setting and start again"

    def __init__(self, message: str, *, file: str, key: str) -> None:
        super().__init__(f"{file}: {key}: {message}", remedy=self.remedy_always)
        self.file = file
        self.key = key


class BurstFileError(ConfigurationError):
    """A file that a person gave to a command is not as it should be; parameters as in `ConfigurationError`."""

    remedy_always = "correct the file and try again"

    def __init__(self, message: str, *, file: str, key: str = "(file)") -> None:
        super().__init__(message, file=file, key=key)
