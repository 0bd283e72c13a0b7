"""The benchmarks: figures with what is required of them, from the scripts of the repository's `benchmarks/` folder."""

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import MofNCompleteColumn, Progress

import tocsin
from tocsin.cli.output import Json, console, fail, failures_in_words, print_json

FOLDER = Path(tocsin.__file__).resolve().parent.parent / "benchmarks"


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(bench)


def bench(
    name: Annotated[str, typer.Argument(help="Which: a script of benchmarks/ that has `run`.")],
    as_json: Json = False,
    seed: Annotated[int, typer.Option(help="Of all random numbers.")] = 1,
    number: Annotated[int, typer.Option(help="How many (days, bursts, notices); 0: the script's own.", min=0)] = 0,
) -> None:
    """Measure, and compare with what is required. Exit status 1 if a figure is not met."""
    run = _run_of(name)
    size = [number] if number else []
    parameters = inspect.signature(run).parameters
    if sum(one.kind is not one.KEYWORD_ONLY for one in parameters.values()) <= len(size):
        fail(f"{name} is of one size: --number means nothing to it", status=2)
    with failures_in_words(), _progress(name, is_shown="tell" in parameters) as told:
        figures = [figure.to_json() for figure in run(seed, *size, **told)]
    if as_json:
        print_json({"name": name, "seed": seed, "figures": figures})
    else:
        for figure in figures:
            mark = "NOT MET" if not figure["met"] else "met" if figure["require"] else "reported"
            words = f"{figure['name']:<64} {figure['value']:>12.5g}  {figure['require']:<16} {mark}"
            console.print(words, markup=False, highlight=False, soft_wrap=True)
    if not all(figure["met"] for figure in figures):
        raise typer.Exit(1)


@contextmanager
def _progress(name: str, *, is_shown: bool) -> Iterator[Mapping[str, Callable[[int, int], None]]]:
    """What a long benchmark tells of how far it is, shown as a bar on standard error where that is a terminal."""
    if not is_shown:
        yield {}
        return
    with Progress(
        *Progress.get_default_columns(), MofNCompleteColumn(), console=console, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(name, total=None)
        yield {"tell": lambda done, number: bar.update(task, completed=done, total=number)}


def _run_of(name: str) -> Callable[..., Sequence[Any]]:
    """`run` of a benchmark script: a function of the seed, some of a size, that gives figures."""
    path = FOLDER / f"{name}.py"
    known = sorted(one.stem for one in FOLDER.glob("*.py") if "def run(" in one.read_text(encoding="utf-8"))
    if name not in known:
        shown = ", ".join(known) or "none: they come with the repository, not with the package"
        fail(f"no benchmark called {name}; known are {shown}", status=2)
    sys.path.insert(0, str(FOLDER))  # benchmarks share their simulators; only this command puts them in reach
    specification = importlib.util.spec_from_file_location(f"benchmark_{name}", path)
    if specification is None or specification.loader is None:
        fail(f"cannot load {path}")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    run: Callable[..., Sequence[Any]] = module.run
    return run
