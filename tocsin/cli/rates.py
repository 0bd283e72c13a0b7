"""Commands about count rates: the archive, the instruments, fetching, the search of the whole archive."""

import os
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.output import Json, console, fail, failures_in_words, needs_server, print_json
from tocsin.domain.clock import iso_utc, to_utc

if TYPE_CHECKING:
    from acs_stream.archive.rate_archive import RateArchive
    from tocsin.settings import Settings

Start = Annotated[str, typer.Option(help="UTC, ISO 8601.")]
Stop = Annotated[str, typer.Option(help="UTC, ISO 8601.")]
Name = Annotated[str, typer.Argument(metavar="INSTRUMENT", help="As stored: SPI-ACS.")]
BinS = Annotated[float | None, typer.Option("--bin", help="Width of the bins, s; default: native.")]
FORMS = "ipn, csv, json, arrow, msgpack, fits or parquet"

archive = typer.Typer(help="The archive of count rates.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(archive, name="archive")
    app.command()(instruments)
    app.command()(fetch)


@archive.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them: genlc, ipnlc, MMODA FITS, dumps.")],
    instrument: Annotated[str | None, typer.Option(help="Name to store them under; default: the file's own.")] = None,
    file_format: Annotated[str | None, typer.Option("--format", help="Of all; default: told by the content.")] = None,
    as_json: Json = False,
) -> None:
    """Store rates of files; done twice it changes nothing. Exit status 1 if any file was refused."""
    with failures_in_words():
        from acs_stream.archive.importing import import_files  # noqa: PLC0415 - slow to import

        found = []
        for one in import_files(_archive(), paths, format=file_format, instrument=instrument):
            row = {"path": str(one.path), "format": one.format, "instrument": one.instrument, "refused": one.refused}
            found.append(row | {"new": one.appended.new, "repeated": one.appended.repeated})
            if not as_json:
                words = one.refused or f"{one.instrument}: {one.appended.new} new, {one.appended.repeated} known"
                console.print(f"{one.path.name}: {words}", markup=False, soft_wrap=True)
    if as_json:
        print_json(found)
    if not found:
        fail("there is no file")
    if any(row["refused"] for row in found):
        raise typer.Exit(1)


@archive.command()
def read(
    instrument: Name,
    start: Start,
    stop: Stop,
    bin_s: BinS = None,
    t0: Annotated[str | None, typer.Option(help="Time zero of the answer, UTC; default: the start.")] = None,
    as_json: Json = False,
) -> None:
    """Say what an interval holds: bins, gaps, products, timing; with --json, the bins too."""
    with failures_in_words():
        begin, end = _moment(start, "--start"), _moment(stop, "--stop")
        zero = begin if t0 is None else _moment(t0, "--t0")
        curve = _archive().read(instrument, begin, end, t0_utc=zero, bin_s=bin_s)
    timing = curve.timing
    said: dict[str, Any] = {
        "instrument": curve.instrument,
        "t0_utc": iso_utc(curve.t0_utc),
        "bins": len(curve),
        "covered_s": round(float(curve.width_s.sum()), 6),
        "asked_s": (end - begin).total_seconds(),
        "product": timing.product if timing else "",
        "clock_error_s": timing.clock_error_s if timing else None,
        "is_time_approximate": timing.is_approximate if timing else None,
        "note": timing.note if timing else "",
    }
    if as_json:
        columns = {
            "start_s": curve.start_s,
            "width_s": curve.width_s,
            "counts": curve.counts,
            "is_usable": curve.usable,
        }
        print_json(said | {name: values.tolist() for name, values in columns.items()})
        return
    for name, value in said.items():
        console.print(f"{name:20} {value}", markup=False, soft_wrap=True)


@archive.command()
def export(
    instrument: Name,
    start: Start,
    stop: Stop,
    form: Annotated[str, typer.Option(help=FORMS)] = "ipn",
    out: Annotated[Path | None, typer.Option(help="File; default: standard output.")] = None,
    bin_s: BinS = None,
    t0: Annotated[str | None, typer.Option(help="Time zero of the answer, UTC; default: the start.")] = None,
) -> None:
    """Write an interval as a file, in the IPN's text form by default."""
    with failures_in_words():
        begin, end = _moment(start, "--start"), _moment(stop, "--stop")
        zero = begin if t0 is None else _moment(t0, "--t0")
        content = _content(_archive(), form, instrument, begin, end, zero, bin_s)
    if out is None:
        typer.echo(content, nl=False)
    else:
        out.write_bytes(content)
        console.print(f"{out}: {len(content)} bytes", markup=False)


@archive.command()
def status(as_json: Json = False) -> None:
    """What the archive holds, by instrument, and how far the data reach."""
    with failures_in_words():
        kept = _archive()
        rows = []
        for name in kept.instruments():
            days = kept.days(name)
            row = {"instrument": name, "days": len(days), "last_data_utc": iso_utc(kept.last_utc(name))}
            rows.append(
                row | {"first_day": str(days[0]) if days else None, "last_day": str(days[-1]) if days else None}
            )
    if as_json:
        print_json({"url": kept.url, "instruments": rows})
        return
    console.print(f"{kept.url}: {'empty' if not rows else ''}", markup=False)
    for row in rows:
        words = f"{row['days']} days from {row['first_day']}, data until {row['last_data_utc']}"
        console.print(f"  {row['instrument']}: {words}", markup=False)


def instruments(
    t0: Annotated[str | None, typer.Option(help="UTC: say of each when data of this time will exist.")] = None,
    window: Annotated[float, typer.Option(help="Half-span around T0, s.")] = 300.0,
    as_json: Json = False,
) -> None:
    """Show the instrument table; with --t0, whether and when each has data of a time, and why not."""
    from tocsin.app.instruments import instrument_rows  # noqa: PLC0415 - slow to import

    with failures_in_words():
        moment = None if t0 is None else _moment(t0, "--t0")
        rows = instrument_rows(_settings(), t0_utc=moment, window_s=window)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        last_utc = row["last_data_utc"] or row["end_utc"] or ""
        span = f"{(row['start_utc'] or '')[:10]} to {last_utc[:10] or 'now'}"
        console.print(f"{row['name']:18} {row['status']:10} {span:24} {row['from']}", markup=False, soft_wrap=True)
        if "availability" in row:
            when = f" at {row['expected_utc']}" if row["expected_utc"] else ""
            console.print(f"{'':18} {row['availability']}{when}: {row['reason']}", markup=False, soft_wrap=True)


def fetch(
    instrument: Annotated[str, typer.Argument(help="Name in instruments.toml.")],
    t0: Annotated[str, typer.Option(help="UTC, ISO 8601.")],
    window: Annotated[float, typer.Option(help="Half-span around T0, s.")] = 300.0,
    out: Annotated[Path | None, typer.Option(help="Write what came here, as received.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Store it in the archive of rates.")] = False,
    towards: Annotated[
        tuple[float, float] | None, typer.Option(help="RA and Dec: GBM's detectors that see it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch a light curve now: asks the instrument's public service, whatever `sources.network` says."""
    from tocsin.app.instruments import fetch_now  # noqa: PLC0415 - slow to import

    with failures_in_words():
        said, raw = fetch_now(_settings(), instrument, _moment(t0, "--t0"), window_s=window, towards=towards, keep=keep)
    if out is not None:
        out.write_bytes(raw)
    if as_json:
        print_json(said)
        return
    for name, value in said.items():
        console.print(f"{name:20} {value}", markup=False, soft_wrap=True)


def _content(
    kept: "RateArchive",
    form: str,
    instrument: str,
    begin: datetime,
    end: datetime,
    zero: datetime,
    bin_s: float | None,
) -> bytes:
    from tocsin.api.light_curve_files import LightCurveForm, body_of  # noqa: PLC0415 - slow to import

    if form == "parquet":
        from acs_stream.archive.parts import to_parquet  # noqa: PLC0415 - slow to import

        if bin_s is not None:
            fail("Parquet holds native bins; --bin goes with the other forms", status=2)
        return to_parquet(kept.rows(instrument, begin, end))
    if form not in set(LightCurveForm):
        fail(f"--form: {form} is none of {FORMS}", status=2)
    curve = kept.read(instrument, begin, end, t0_utc=zero, bin_s=bin_s)
    return body_of(curve, LightCurveForm(form), event_name="archive")[0]


def _settings() -> "Settings":
    try:
        from tocsin.settings import load_settings  # noqa: PLC0415 - an extra of the installation
    except ImportError as error:
        needs_server(error)
    return load_settings(os.environ)


def _archive() -> "RateArchive":
    settings = _settings()
    try:
        from tocsin.app.rates import build_archive  # noqa: PLC0415 - an extra of the installation
    except ImportError as error:
        needs_server(error)
    return build_archive(settings)


def _moment(text: str, option: str) -> datetime:
    try:
        return to_utc(text)
    except ValueError as error:
        fail(f"{option}: {error}", status=2)


def day_of(text: str | None, option: str) -> date | None:
    """Day of an option, None where it is not given."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        fail(f"{option}: {error}", status=2)
