"""The group all commands hang on: where `--json` was asked for, a failure is one JSON object on standard output, too.

The words stay on standard error and the exit status stays what it was.
"""

from typing import Any

import typer
from typer.core import TyperGroup

from tocsin.cli.output import Answer, Failed, answering, needs_server, print_json

_ASKED = "tocsin.json"
#: Own packages: one that is missing is a broken installation, and no extra left out.
OWN = frozenset({"tocsin", "listeners", "triggers", "acs_stream", "triangulation", "notifier", "advocates"})


class Commands(TyperGroup):
    """Commands of which one that fails with `--json` prints ``{"error": {kind, message, remedy}}``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Remember whether JSON is asked for, before anything of the line can be wrong."""
        ctx.meta[_ASKED] = "--json" in args[: args.index("--")] if "--" in args else "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what ends it unanswered is told in JSON where asked, and goes its way."""
        if not ctx.meta.get(_ASKED):
            return self._run(ctx)
        with answering() as answer:
            try:
                return self._run(ctx)
            except Exception as error:  # the boundary of the process: it is raised again
                _tell(error, answer)
                raise

    def _run(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] in OWN:
                raise
            needs_server(error)


def _tell(error: Exception, answer: Answer) -> None:
    """Print what failed; nothing where the command has answered or ends well."""
    if answer.is_given or (isinstance(error, typer.Exit) and not error.exit_code):
        return
    print_json({"error": _told(error)}, one_line=True)


def _told(error: Exception) -> dict[str, Any]:
    if isinstance(error, Failed):
        return {"kind": error.kind, "message": error.message, "remedy": error.remedy or None}
    if isinstance(error, typer.Exit):
        return {"kind": "Failed", "message": f"ended with status {error.exit_code}", "remedy": None}
    in_words = getattr(error, "format_message", None)  # a wrong command line: Typer names no public class of these
    if callable(in_words):
        return {"kind": "UsageError", "message": str(in_words()), "remedy": "see --help"}
    return {
        "kind": "Bug",
        "message": f"{type(error).__name__}: {error}",
        "remedy": "report the trace",
    }
