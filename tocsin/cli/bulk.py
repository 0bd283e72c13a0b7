"""The search of the whole archive: on all cores, or on a dask cluster; it goes on where it stopped."""

import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tocsin.cli.output import Json, console, fail, failures_in_words, needs_server, print_json
from tocsin.cli.rates import day_of

if TYPE_CHECKING:
    from tocsin.app.archive_search import ArchiveSearch


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(search_archive)


def search_archive(
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results, a file a day; default: where live searches look.")
    ] = None,
    instrument: Annotated[str, typer.Option(help="As stored.")] = "SPI-ACS",
    start: Annotated[str | None, typer.Option(help="First day; default: the first of the archive.")] = None,
    stop: Annotated[str | None, typer.Option(help="Day after the last; default: all.")] = None,
    scheduler: Annotated[
        str, typer.Option(help="local, or the address of a dask scheduler: tcp://host:8786.")
    ] = "local",
    workers: Annotated[int, typer.Option(min=0, help="Processes of the local cluster; 0: the cores.")] = 0,
    far_per_day: Annotated[
        float, typer.Option(help="Excesses that noise makes at most this often are listed, 1/day.")
    ] = 0.1,
    as_json: Json = False,
) -> None:
    """Search the whole archive, day by day; stopped at any moment, it goes on where it was when called again."""
    try:
        from tocsin.app.archive_search import ArchiveSearch, run_search  # noqa: PLC0415 - an extra of the installation
        from tocsin.settings import load_settings  # noqa: PLC0415 - an extra of the installation
    except ImportError as error:
        needs_server(error)
    with failures_in_words():
        settings = load_settings(os.environ)
        url = settings.archive_url
        url = url if "://" in url else str(Path(url).resolve())
        job = ArchiveSearch(
            url=url,
            instrument=instrument,
            out=settings.searches_dir if out is None else out,
            start=day_of(start, "--start"),
            stop=day_of(stop, "--stop"),
        )
        days = job.days()
        if not days:
            fail(f"the archive holds no day of {instrument}")
        undone = job.undone(days)
        with _Bar(days, undone, quiet=as_json) as bar:
            if undone:
                run_search(
                    job,
                    undone,
                    scheduler=scheduler,
                    workers=min(workers or os.cpu_count() or 1, len(undone)),
                    on_day=bar.done,
                )
        _tell(job, days, len(days) - len(undone), far_per_day=far_per_day, as_json=as_json)


class _Bar:
    """Progress over days, those done before counted."""

    def __init__(self, days: Sequence[date], undone: Sequence[date], *, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, disable=quiet)
        self._task = self._progress.add_task("searching", total=len(days), completed=len(days) - len(undone))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def done(self, record: Mapping[str, Any]) -> None:
        """One more day is done."""
        self._progress.update(self._task, advance=1, description=str(record["day"]))


def _tell(job: "ArchiveSearch", days: Sequence[date], before: int, *, far_per_day: float, as_json: bool) -> None:
    records = [record for day in days if (record := job.result(day)) is not None]
    found = job.triggers(days, far_per_day=far_per_day)
    live_s = sum(float(record["live_s"]) for record in records)
    said = {
        "instrument": job.instrument,
        "days": len(days),
        "days_done_before": before,
        "days_without_search": [{"day": r["day"], "reason": r["reason"]} for r in records if r["reason"]],
        "live_s": live_s,
        "triggers": found,
    }
    if as_json:
        print_json(said)
        return
    console.print(
        f"{len(days)} days ({before} done before), {live_s / 86400.0:.2f} days of data, "
        f"{len(found)} excesses that noise makes less than {far_per_day:g} times a day"
    )
    for one in found:
        words = f"S/N {one['snr']:6.1f}  scale {one['scale_s']:7.3f} s  {one['far_model_hz'] * 86400.0:.2g}/day"
        seen = f"as loud: {one['far_hz'] * 86400.0:.2g}/day ({one['far_source']}, {one['trailing_days']} days before)"
        console.print(f"  {one['t0_utc']}  {words}; {seen}", markup=False)
