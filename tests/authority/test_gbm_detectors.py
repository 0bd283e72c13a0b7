"""The detectors named for a direction are those that were bright in two real bursts of known place."""

from pathlib import Path

import pytest

from acs_stream.gbm_detectors import brightest_detectors, detectors_towards, trigdat_attitude

#: Trigger data, right ascension and declination (deg), and the bright detectors of the published analyses.
BURSTS = [
    ("glg_trigdat_all_bn080916009_v02.fit", 119.8472, -56.6383, {"n3", "n4"}),
    ("glg_trigdat_all_bn110721200_v01.fit", 333.2, -38.5, {"n6", "n7", "n9"}),
]


@pytest.mark.samples
@pytest.mark.parametrize(("name", "ra_deg", "dec_deg", "bright"), BURSTS)
def test_the_detectors_that_see_a_burst_are_the_bright_ones(
    samples: Path, name: str, ra_deg: float, dec_deg: float, bright: set[str]
) -> None:
    content = (samples / "data" / "gbm" / name).read_bytes()
    nearest = {detector for detector, _ in detectors_towards(trigdat_attitude(content), ra_deg, dec_deg)}
    assert bright <= nearest
    assert len(set(brightest_detectors(content)) & nearest) >= 2
