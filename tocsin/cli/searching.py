"""`tocsin search`: one light curve, one T0; what was seen and, if nothing, how bright it could have been."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.output import Json, console, fail, failures_in_words, print_json
from tocsin.domain.clock import to_utc

if TYPE_CHECKING:
    from acs_stream.answer import Known
    from acs_stream.far_history import FarHistory


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(search)


def search(  # noqa: PLR0917 - options of a command
    light_curve: Annotated[Path, typer.Argument(metavar="LIGHTCURVE", help="Light-curve file, format recognised.")],
    t0: Annotated[str, typer.Option(help="UTC of the event, ISO 8601.")],
    window: Annotated[float, typer.Option(help="Half-span around T0, s.")] = 300.0,
    as_json: Json = False,
    file_format: Annotated[str | None, typer.Option("--format", help="Format, where it cannot be recognised.")] = None,
    file_t0: Annotated[
        str | None, typer.Option(help="UTC of the file's time zero at the craft; wins over the file's own.")
    ] = None,
    direction: Annotated[
        tuple[float, float] | None, typer.Option(help="Source from the pointing axis X, and about it from Z, deg.")
    ] = None,
    distance: Annotated[tuple[float, float] | None, typer.Option(help="Mean and error of the distance, Mpc.")] = None,
    skymap: Annotated[Path | None, typer.Option(help="Sky map of the event (FITS); needs --pointing.")] = None,
    pointing: Annotated[
        tuple[float, float, float, float] | None, typer.Option(help="RA and Dec of the craft's axes X and Z, deg.")
    ] = None,
    expect: Annotated[
        tuple[float, float, float, float] | None,
        typer.Option(help="Fluence in 10-1000 keV and its error (erg/cm2), alpha, E_peak (keV) of another instrument."),
    ] = None,
    interval: Annotated[
        tuple[float, float], typer.Option(help="Where the counts of --expect should have come, s since T0.")
    ] = (0.0, 1.0),
    trailing: Annotated[
        list[Path] | None, typer.Option(help="Background of days before, as --background writes it; repeatable.")
    ] = None,
    background: Annotated[
        Path | None, typer.Option(help="Search the whole file and keep its excesses here, for --trailing (JSON).")
    ] = None,
) -> None:
    """Search a light curve for excesses on all time scales, and set upper limits."""
    from acs_stream.search_file import search_file, search_to_json  # noqa: PLC0415 - slow to import

    source = _Source(path=light_curve, format=file_format, t0_utc=_time("--file-t0", file_t0) if file_t0 else None)
    moment = _time("--t0", t0)
    with failures_in_words():
        known = _known(t0, direction, distance, skymap, pointing, trailing or [])
        found = search_file(
            light_curve,
            t0_utc=moment,
            window_s=window,
            file_format=file_format,
            known=known,
            file_t0_utc=source.t0_utc,
        )
        agreed = None if expect is None else _agreement(source, moment, expect, interval, known)
        if background is not None:
            _keep_background(source, background)
    shown = dict(search_to_json(found)) | ({} if agreed is None else {"agreement": agreed})
    if as_json:
        print_json(shown)
    else:
        _print(shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A light-curve file: its format and time zero, where they are told."""

    path: Path
    format: str | None
    t0_utc: datetime | None


def _time(option: str, text: str) -> datetime:
    try:
        return to_utc(text)
    except ValueError:
        fail(f"{option}: {text!r} is no time; give UTC as in 2023-05-25T20:00:00.5", status=2)


def _known(
    t0: str,
    direction: tuple[float, float] | None,
    distance: tuple[float, float] | None,
    skymap: Path | None,
    pointing: tuple[float, float, float, float] | None,
    trailing: list[Path],
) -> "Known":
    from acs_stream.answer import Known  # noqa: PLC0415 - slow to import
    from acs_stream.attitude import Attitude  # noqa: PLC0415 - as above
    from acs_stream.far_history import FarHistory  # noqa: PLC0415 - as above
    from triangulation.skymap import SkyMap  # noqa: PLC0415 - as above

    if (skymap is None) != (pointing is None):
        fail("--skymap and --pointing are of use only together", status=2)
    attitude = None
    if pointing is not None:
        x_ra, x_dec, z_ra, z_dec = pointing
        attitude = Attitude.from_radec(t0, x_deg=(x_ra, x_dec), z_deg=(z_ra, z_dec), spacecraft="INTEGRAL")
    histories = [_history(path) for path in trailing]
    return Known(
        direction_deg=direction,
        attitude=attitude,
        skymap=None if skymap is None else SkyMap.read(skymap),
        distance_mpc=None if distance is None else distance[0],
        distance_error_mpc=0.0 if distance is None else distance[1],
        trailing=FarHistory.joined(histories) if histories else None,
        **_configured(),
    )


def _agreement(
    source: _Source,
    t0_utc: datetime,
    expect: tuple[float, float, float, float],
    interval: tuple[float, float],
    known: "Known",
) -> Mapping[str, Any]:
    from acs_stream.search_file import Expected, agreement_in_file  # noqa: PLC0415 - slow to import
    from acs_stream.spectra import Spectrum  # noqa: PLC0415 - as above
    from acs_stream.trial_bursts import agreement_to_json  # noqa: PLC0415 - as above

    fluence, error, alpha, peak = expect
    if not (fluence > 0 and error >= 0 and alpha > -2 and peak > 0 and interval[0] < interval[1]):
        fail(
            "--expect needs a positive fluence and E_peak, and alpha over -2; --interval a start before its end",
            status=2,
        )
    expected = Expected(
        fluence_erg_cm2=fluence,
        fluence_error_erg_cm2=error,
        spectrum=Spectrum(alpha=alpha, peak_kev=peak),
        start_s=interval[0],
        stop_s=interval[1],
    )
    found = agreement_in_file(
        source.path, expected, t0_utc=t0_utc, known=known, file_format=source.format, file_t0_utc=source.t0_utc
    )
    return agreement_to_json(found)


def _history(path: Path) -> "FarHistory":
    from acs_stream.far_history import FarHistory  # noqa: PLC0415 - slow to import

    try:
        return FarHistory.from_record(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail(f"--trailing {path}: {error}", status=2)


def _configured() -> Mapping[str, Any]:
    """Response and bursts of the configuration; nothing where the server's parts are not installed."""
    from acs_stream.properties import Durations  # noqa: PLC0415 - slow to import
    from acs_stream.response import ResponseTable  # noqa: PLC0415 - as above
    from acs_stream.trial_bursts import bursts_from_config  # noqa: PLC0415 - as above

    try:
        from tocsin.settings import load_settings  # noqa: PLC0415 - the base install has no pydantic
    except ModuleNotFoundError:
        return {}
    settings = load_settings(os.environ)
    response, bursts = settings.document("response"), settings.document("bursts")
    return {
        "table": ResponseTable.from_config(response.values, file=response.name),
        "bursts": bursts_from_config(bursts.values, file=bursts.name),
        "durations": Durations.from_config(bursts.values, file=bursts.name),
    }


def _keep_background(source: _Source, target: Path) -> None:
    from acs_stream.readers import guess_format, read_light_curve  # noqa: PLC0415 - slow to import
    from acs_stream.search_day import search_day  # noqa: PLC0415 - as above

    curve = read_light_curve(source.path, format=source.format or guess_format(source.path), t0_utc=source.t0_utc)
    target.write_text(json.dumps(search_day(curve).history.to_record()), encoding="utf-8")


def _print(shown: Mapping[str, Any]) -> None:
    for row in shown["excesses"]:
        label = " spike-like" if row["is_spike_like"] else ""
        label += " saturated" if row["is_saturated"] else ""
        console.print(
            f"T0{row['t_s']:+9.3f} s  scale {row['scale_s']:7.3f} s  S/N {row['snr']:5.1f}  "
            f"FAR {row['far_hz'] * 86400:.2g}/day ({row['far_source']})  p {row['fap']:.2g} = {row['sigma']:+.1f} sigma"
            f"{label}"
        )
    known = shown["background"]
    console.print(
        f"background {known['rate_cts_s']:.0f} counts/s, excess variance {known['excess_std_ratio']:.2f}, "
        f"{known['completeness']:.0%} of the window has data"
    )
    for warning in shown["warnings"]:
        console.print(f"note: {warning}")
    if shown["limits"] is None:
        console.print(f"no limits: {shown.get('limits_reason', '')}")
        return
    _print_limits(shown["limits"])
    if "agreement" in shown:
        console.print(shown["agreement"]["words"])
    for row in shown["trial_bursts"]:
        console.print(f"{row['name']}: {row['probability']:.0%} chance of having been found in this direction")


def _print_limits(limits: Mapping[str, Any]) -> None:
    for name in ("sensitivity_3sigma", "upper_limit_90"):
        values = limits[name]
        if values is None:
            continue
        words = f"{name}: {values['counts_1s']:.0f} counts in 1 s, {values['counts_8s']:.0f} in 8 s"
        if values["hard_1s_erg_cm2"] is not None:
            words += (
                f"; {values['hard_1s_erg_cm2']:.1e} erg/cm2 (hard, 1 s), {values['soft_1s_erg_cm2_s']:.1e} and "
                f"{values['soft_8s_erg_cm2_s']:.1e} erg/cm2/s (soft, 1 s and 8 s)"
            )
        console.print(words)
    response = limits["response"]
    if response is not None:
        console.print(
            f"response: {response['kind']}, {response['quality']}, {response['fraction_of_best']:.0%} of the best, "
            f"scatter {response['total_fraction']:.0%}; {response['source']}"
        )
