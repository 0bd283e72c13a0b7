"""How commands speak: JSON on standard output, people on standard error, failures with what to do."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from tocsin.domain.errors import BurstFileError, ConfigurationError, NotNowError, TocsinError

#: For people; standard output stays free for results.
console = Console(stderr=True, highlight=False)
#: The option of every command that ends: standard output is JSON alone.
Json = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]


@dataclass(slots=True)
class Answer:
    """Whether a command has printed its JSON."""

    is_given: bool = False


_ANSWER: ContextVar[Answer | None] = ContextVar("answer", default=None)


@contextmanager
def answering() -> Iterator[Answer]:
    """Note, within, whether JSON is printed."""
    answer = Answer()
    token = _ANSWER.set(answer)
    try:
        yield answer
    finally:
        _ANSWER.reset(token)


class Failed(typer.Exit):
    """The end of a command that failed, with what was said about it."""

    def __init__(self, status: int, message: str, *, kind: str, remedy: str) -> None:
        super().__init__(status)
        self.message = message
        self.kind = kind
        self.remedy = remedy


def print_json(value: Any, *, one_line: bool = False) -> None:
    """Print JSON to standard output; not-a-number is refused, since it is no JSON."""
    indent = None if one_line else 2
    sys.stdout.write(json.dumps(value, indent=indent, allow_nan=False, default=str) + "\n")
    sys.stdout.flush()
    if (answer := _ANSWER.get()) is not None:
        answer.is_given = True


def fail(message: str, *, status: int = 1, error: Exception | None = None) -> NoReturn:
    """Say what happened and end with `status`; of `error`, where given, its kind and remedy are told in JSON."""
    console.print(f"tocsin: {message}", style="bold red", markup=False, soft_wrap=True)
    kind = "Failed" if error is None else type(error).__name__
    if isinstance(error, TocsinError):
        raise Failed(status, error.message, kind=kind, remedy=error.remedy)
    raise Failed(status, message, kind=kind, remedy="")


@contextmanager
def failures_in_words() -> Iterator[None]:
    """Turn errors of Tocsin's own and of files into one line and an exit status: 2 for a wrong setting, 1 otherwise."""
    try:
        yield
    except BurstFileError as error:
        fail(str(error), status=2, error=error)
    except ConfigurationError as error:
        fail(f"refusing to start: {error}", status=2, error=error)
    except NotNowError as error:
        fail(f"refusing to start: {error}", error=error)
    except TocsinError as error:
        fail(str(error), error=error)
    except FileNotFoundError as error:
        fail(f"no such file: {error.filename}", error=error)
    except OSError as error:
        fail(f"{error.filename or 'files'}: {error.strerror or error}", error=error)


@contextmanager
def steps(*, silent: bool) -> Iterator[Callable[[str], None]]:
    """Say what is being done while it is being done: a spinner on a terminal, nothing elsewhere or where `silent`."""
    if silent or not console.is_terminal:
        yield lambda _step: None
        return
    with console.status("starting") as status:
        yield lambda step: status.update(f"{step} ...")


def needs_server(error: ImportError) -> NoReturn:
    """Say that a command needs the service's own dependencies."""
    fail(f"this command needs the service: pip install 'tocsin[server]' (missing: {error.name})")
