"""The command line. With `--json`, standard output is JSON alone; people are spoken to on standard error."""

from tocsin.cli.main import main

__all__ = ["main"]
