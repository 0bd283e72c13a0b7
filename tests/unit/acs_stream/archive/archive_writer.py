"""A process that appends a known stream to an archive for ever and says what is stored; it is there to be killed."""

import sys
from pathlib import Path

import numpy as np

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.rows import from_light_curve
from tocsin.domain.light_curves import LightCurve, Timing

START = "2023-05-25T23:50:00"
PACKET_BINS = 160
REALTIME = Timing(product="realtime", clock_error_s=0.010, is_approximate=True)


def stream(first: int, stop: int) -> LightCurve:
    """Bins of a stream whose counts tell their number."""
    number = np.arange(first, stop)
    return LightCurve("SPI-ACS", START, number * 0.05, 0.05, 2.0 * number, timing=REALTIME)


def main(folder: Path) -> None:
    """Go on where the archive ends, as a follower does: from its last bin, with overlap."""
    archive = RateArchive(folder)
    last = archive.last_tt_us("SPI-ACS")
    start = int(from_light_curve(stream(0, 1)).start_tt_us[0])
    bins = 0 if last is None else round((last - start) / 50_000)
    while True:
        rows = from_light_curve(stream(max(bins - 40, 0), bins + PACKET_BINS))
        archive.append("SPI-ACS", rows)
        bins += PACKET_BINS
        print(bins, flush=True)  # noqa: T201 - how the test hears what is stored


if __name__ == "__main__":
    main(Path(sys.argv[1]))
