"""Commands that compute: delays, triangulation, search, overlap. They need the base install only."""

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import plots, tables
from tocsin.cli.output import Json, console, fail, failures_in_words, print_json, steps

BurstFile = Annotated[Path, typer.Argument(metavar="BURST.toml", help="Burst file: observations of one burst.")]


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (delay, triangulate, overlap):
        app.command()(command)


def delay(
    burst: BurstFile,
    pair: Annotated[tuple[str, str] | None, typer.Option(help="Two instruments; default: all pairs.")] = None,
    as_json: Json = False,
    classical: Annotated[
        bool, typer.Option("--classical", help="Cross-correlation and chi-squared scan beside it; not calibrated.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the posteriors here (SVG or PNG).")] = None,
    plot_curves: Annotated[Path | None, typer.Option(help="Draw the aligned light curves here (SVG or PNG).")] = None,
) -> None:
    """Measure arrival-time delays between the light curves of a burst."""
    from acs_stream.burst_file import delays_to_json, load_burst, measure_delays  # noqa: PLC0415 - slow to import

    with failures_in_words():
        with steps(silent=as_json) as progress:
            progress("reading the light curves")
            read = load_burst(burst)
            found = measure_delays(read, pair=pair, with_classical=classical or plot is not None, progress=progress)
        if plot is not None:
            plots.write_delays(plot, found, title=f"Delays of {read.name}")
        if plot_curves is not None:
            plots.write_curves(plot_curves, read, found)
    delays = delays_to_json(found)
    if as_json:
        print_json({"delays": delays})
        return
    console.print(tables.of_delays(delays, with_classical=classical))


def triangulate(
    burst: BurstFile,
    as_json: Json = False,
    skymap: Annotated[Path | None, typer.Option(help="Write the multi-order sky map here (FITS).")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw annuli and map here (SVG or PNG).")] = None,
    near: Annotated[Path | None, typer.Option(help="Draw the field around the map's peak here (SVG or PNG).")] = None,
    check: Annotated[tuple[float, float] | None, typer.Option(help="RA and Dec to test, deg.")] = None,
) -> None:
    """Delays, annuli, error regions and sky map of a burst seen by several spacecraft."""
    from acs_stream.burst_file import load_burst, result_to_json, triangulate_burst  # noqa: PLC0415 - slow to import

    with failures_in_words():
        with steps(silent=as_json) as progress:
            progress("reading the light curves")
            result = triangulate_burst(load_burst(burst), check=check, progress=progress)
        if skymap is not None:
            if result.skymap is None:
                fail("there is no sky map: " + "; ".join(result.reports))
            result.skymap.write(skymap)
        for path, is_near in ((plot, False), (near, True)):
            if path is not None:
                plots.write_sky(path, result, check=check, is_near=is_near)
    shown = result_to_json(result)
    if as_json:
        print_json(shown)
        return
    for table in tables.of_triangulation(shown):
        console.print(table)


def overlap(
    a: Annotated[Path, typer.Argument(help="Multi-order sky map (FITS).")],
    b: Annotated[Path, typer.Argument(help="Another.")],
    as_json: Json = False,
) -> None:
    """Overlap of two sky maps: 4 pi times the integral of the product of their densities (1: unrelated)."""
    from triangulation.skymap import SkyMap  # noqa: PLC0415 - slow to import
    from triangulation.skymap import overlap as overlap_of  # noqa: PLC0415 - slow to import

    with failures_in_words(), steps(silent=as_json) as progress:
        progress("reading the maps")
        maps = SkyMap.read(a), SkyMap.read(b)
        progress("overlap")
        value = overlap_of(*maps)
    if as_json:
        print_json({"overlap": value})
        return
    typer.echo(f"{value:.6g}")
    console.print(tables.of_overlap(value, maps))
