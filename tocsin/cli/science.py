"""Commands that compute: delays, triangulation, search, overlap. They need the base install only."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.output import console, fail, failures_in_words, print_json

if TYPE_CHECKING:
    from triangulation.skymap import SkyMap

Json = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]
BurstFile = Annotated[Path, typer.Argument(metavar="BURST.toml", help="Burst file: observations of one burst.")]


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (delay, triangulate, search, overlap):
        app.command()(command)


def delay(
    burst: BurstFile,
    pair: Annotated[tuple[str, str] | None, typer.Option(help="Two instruments; default: all pairs.")] = None,
    as_json: Json = False,
) -> None:
    """Measure arrival-time delays between the light curves of a burst."""
    from acs_stream.burst_file import delays_to_json, load_burst, measure_delays  # noqa: PLC0415 - slow to import

    with failures_in_words():
        delays = delays_to_json(measure_delays(load_burst(burst), pair=pair))
    if as_json:
        print_json({"delays": delays})
        return
    for row in delays:
        console.print(
            f"{row['a']} -> {row['b']}: {row['delay_s']:+.4f} s "
            f"(-{row['minus_3sigma_s']:.4f} +{row['plus_3sigma_s']:.4f}, 3 sigma) {' '.join(row['flags'])}"
        )


def triangulate(
    burst: BurstFile,
    as_json: Json = False,
    skymap: Annotated[Path | None, typer.Option(help="Write the multi-order sky map here (FITS).")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw annuli and map here (SVG).")] = None,
    check: Annotated[tuple[float, float] | None, typer.Option(help="RA and Dec to test, deg.")] = None,
) -> None:
    """Delays, annuli and sky map of a burst seen by several spacecraft."""
    from acs_stream.burst_file import load_burst, result_to_json, triangulate_burst  # noqa: PLC0415 - slow to import

    with failures_in_words():
        result = triangulate_burst(load_burst(burst), check=check)
        if skymap is not None:
            if result.skymap is None:
                fail("there is no sky map: " + "; ".join(result.reports))
            result.skymap.write(skymap)
    shown = result_to_json(result)
    if plot is not None:
        _plot(plot, result.skymap, shown["annuli"], check=check, title=result.name)
    if as_json:
        print_json(shown)
        return
    for row in shown["annuli"]:
        console.print(
            f"{row['a']} - {row['b']}: centre RA {row['ra_deg']:.4f} Dec {row['dec_deg']:+.4f}, radius "
            f"{row['radius_deg']:.4f} -{row['minus_3sigma_deg']:.4f} +{row['plus_3sigma_deg']:.4f} deg (3 sigma)"
        )
    if shown["skymap"]:
        console.print(f"90 % within {shown['skymap']['area_90_deg2']:.4g} deg2")


def search(
    light_curve: Annotated[Path, typer.Argument(metavar="LIGHTCURVE", help="Light-curve file, format recognised.")],
    t0: Annotated[str, typer.Option(help="UTC of the event, ISO 8601.")],
    window: Annotated[float, typer.Option(help="Half-span around T0, s.")] = 300.0,
    as_json: Json = False,
    file_format: Annotated[str | None, typer.Option("--format", help="Format, where it cannot be recognised.")] = None,
) -> None:
    """Search a light curve for excesses on all time scales, or set upper limits."""
    from acs_stream.search_file import search_file, search_to_json  # noqa: PLC0415 - slow to import

    with failures_in_words():
        try:
            found = search_file(light_curve, t0_utc=t0, window_s=window, file_format=file_format)
        except ValueError as error:
            fail(f"--t0: {error}", status=2)
    shown = search_to_json(found)
    if as_json:
        print_json(shown)
        return
    for row in shown["excesses"]:
        console.print(
            f"T0{row['t_s']:+9.3f} s  scale {row['scale_s']:7.3f} s  S/N {row['snr']:5.1f}  FAP {row['fap']:.2g}"
        )
    known = shown["background"]
    console.print(
        f"background {known['rate_cts_s']:.0f} counts/s, excess variance {known['excess_std_ratio']:.2f}, "
        f"{known['completeness']:.0%} of the window has data"
    )
    limits = shown["limits"]
    console.print(
        f"3-sigma limits: {limits['counts_1s']:.0f} counts in 1 s, {limits['counts_8s']:.0f} in 8 s"
        if limits
        else f"no limits: {shown.get('limits_reason', '')}"
    )


def overlap(
    a: Annotated[Path, typer.Argument(help="Multi-order sky map (FITS).")],
    b: Annotated[Path, typer.Argument(help="Another.")],
    as_json: Json = False,
) -> None:
    """Overlap of two sky maps: 4 pi times the integral of the product of their densities (1: unrelated)."""
    from triangulation.skymap import SkyMap  # noqa: PLC0415 - slow to import
    from triangulation.skymap import overlap as overlap_of  # noqa: PLC0415 - slow to import

    with failures_in_words():
        value = overlap_of(SkyMap.read(a), SkyMap.read(b))
    if as_json:
        print_json({"overlap": value})
    else:
        typer.echo(f"{value:.6g}")


def _plot(
    path: Path,
    skymap: "SkyMap | None",
    annuli: Sequence[Mapping[str, Any]],
    *,
    check: tuple[float, float] | None,
    title: str,
) -> None:
    from tocsin.pictures import DrawnAnnulus, SkyPoint, Symbol, sky_map_svg  # noqa: PLC0415 - only for a picture

    names = ("ra_deg", "dec_deg", "radius_deg", "minus_3sigma_deg", "plus_3sigma_deg")
    rings = [DrawnAnnulus(label=f"{row['a']} - {row['b']}", **{name: row[name] for name in names}) for row in annuli]
    points = (
        [] if check is None else [SkyPoint(label="to check", ra_deg=check[0], dec_deg=check[1], symbol=Symbol.CROSS)]
    )
    path.write_text(sky_map_svg(skymap, rings, points, title=title), encoding="utf-8")
