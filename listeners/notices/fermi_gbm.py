"""Fermi GBM by VOEvent: alert, flight, ground, final positions, sub-threshold triggers, tests, leaked internal packets.

The identifier is the trigger's mission elapsed time in whole seconds, the same in all types. Error radii are 68 %, in
ground and final positions statistical only: 2 to 14 deg of systematic error are to be added by whoever uses them.

References
----------
GCN: Fermi notices, https://gcn.nasa.gov/missions/fermi ; flight software classes: Meegan et al. 2009, ApJ 702, 791.
"""

from listeners.classic import Reader, VoEventType, is_mission_id
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase, SkyMapReference

#: Classes of the flight software, by index.
CLASSES = {
    0: "error",
    1: "unreliable_location",
    2: "local_particles",
    3: "below_horizon",
    4: "GRB",
    5: "SGR",
    6: "transient",
    7: "distant_particles",
    8: "solar_flare",
    9: "Cyg_X-1",
    10: "SGR_1806-20",
    11: "GROJ0422+32",
    19: "TGF",
}
#: Trigger number of the test packets of Fermi and AGILE.
TEST_TRIGGER = 99999
_CONTAINMENT = 0.68


def read_trigger(document: VoEvent, reading: Reading) -> None:
    """Read what all GBM triggers have."""
    params = document.params
    trigger = params.integer("TrigID")
    if trigger is not None and is_mission_id(trigger):
        reading.identify(str(trigger))
    else:
        params.drop("TrigID")
    if trigger == TEST_TRIGGER:
        reading.test(f"TrigID {TEST_TRIGGER}")
    reading.detail("sequence_number", params.integer("Sequence_Num"))
    reading.detail("lightcurve_url", params.text("LightCurve_URL"))
    reading.detail("is_not_grb", params.flag("Trigger_ID/Def_NOT_a_GRB"))
    reading.detail("algorithm", params.integer("Algorithm"))
    for name, detail in (("Phi", "spacecraft_azimuth_deg"), ("Theta", "spacecraft_zenith_deg")):
        reading.detail(detail, params.number(name))


def read_alert(document: VoEvent, reading: Reading) -> None:
    """Read an alert: that something was seen, with its significance; no position yet."""
    read_trigger(document, reading)
    params = document.params
    reading.signal_to_noise = params.number("Trig_Signif")
    reading.detail("time_scale_s", params.number("Trig_Dur"))
    reading.detail("energy_low_kev", params.number("Lo_Chan_Energy"))
    reading.detail("energy_high_kev", params.number("Hi_Chan_Energy"))
    reading.detail("detectors", params.text("Dets"))


def read_flight(document: VoEvent, reading: Reading) -> None:
    """Read a flight position, with the flight software's two most likely classes."""
    read_trigger(document, reading)
    params = document.params
    reading.signal_to_noise = params.number("Data_Signif")
    reading.detail("time_scale_s", params.number("Trig_Timescale"))
    reading.detail("data_time_scale_s", params.number("Data_Timescale"))
    reading.detail("hardness_ratio", params.number("Hardness_Ratio"))
    reading.detail("intensity_counts", params.number("Burst_Inten"))
    reading.detail("radius_includes_systematic", value=True)
    params.expect("Most_Likely_Index", "Most_Likely_Prob")
    for prefix, detail in (("Most_Likely", "most_likely"), ("Sec_Most_Likely", "second_most_likely")):
        index = params.integer(f"{prefix}_Index")
        percent = params.number(f"{prefix}_Prob")
        if index is None or percent is None:
            continue
        name = CLASSES.get(index, f"class_{index}")
        reading.classify(name, percent / 100.0)
        reading.details[detail] = name
        reading.details[f"{detail}_index"] = index


def read_ground(document: VoEvent, reading: Reading) -> None:
    """Read a ground or final position; energies come in eV, whatever unit is printed."""
    read_trigger(document, reading)
    params = document.params
    significance = params.number("Burst_Signif")
    reading.signal_to_noise = significance or None  # 0 in final positions: not given
    integration_s = params.number("Data_Integ")
    reading.detail("time_scale_s", integration_s or None)
    low_ev, high_ev = params.number("Lo_Energy"), params.number("Hi_Energy")
    reading.detail("energy_low_kev", None if low_ev is None else low_ev / 1000.0)
    reading.detail("energy_high_kev", None if high_ev is None else high_ev / 1000.0)
    reading.detail("duration_class", params.text("Trigger_ID/Long_short"))
    reading.detail("is_human_generated", params.flag("Trigger_ID/Human_generated"))
    reading.detail("radius_includes_systematic", value=False)
    reading.detail("location_map_url", params.text("LocationMap_URL"))


def read_final(document: VoEvent, reading: Reading) -> None:
    """Read a final position; the HEALPix map lies beside the plot the notice links, some 15 min after the trigger."""
    read_ground(document, reading)
    plot = document.params.text("LocationMap_URL")
    if plot is not None and "_locplot_" in plot and plot.endswith(".png"):
        url = plot.replace("_locplot_", "_healpix_").removesuffix(".png") + ".fit"
        reading.skymap = SkyMapReference(url=url.replace("http://", "https://", 1))


def read_subthreshold(document: VoEvent, reading: Reading) -> None:
    """Read a sub-threshold trigger of the ground search; until autumn 2023 real ones carried role="test"."""
    params = document.params
    trigger = params.integer("Trans_Num")
    if trigger is not None and is_mission_id(trigger):
        reading.identify(str(trigger))
    else:
        params.drop("Trans_Num")
    if trigger == TEST_TRIGGER:
        reading.test(f"Trans_Num {TEST_TRIGGER}")
    elif reading.test_reasons == ["role is test"]:
        reading.details["is_test_in_doubt"] = True
    duration_s = params.number("Trans_Duration")
    reading.detail("duration_s", duration_s)
    reading.detail("time_scale_s", duration_s)
    reading.detail("reliability", params.integer("Reliability"))
    reading.detail("earth_angle_deg", params.number("Earth_angle"))
    reading.detail("spectral_class", params.text("Misc_Flags/Spectral_class"))
    reading.detail("duration_class", params.text("Misc_Flags/Duration_class"))
    reading.detail("lightcurve_url", params.text("LC_URL"))
    reading.detail("location_map_url", params.text("Map_URL"))
    url = params.text("HealPix_URL")
    params.expect("HealPix_URL")
    if url is not None:
        reading.skymap = SkyMapReference(url=url)


def read_internal(document: VoEvent, reading: Reading) -> None:
    """Read a packet of the mission's internal types, which leak now and then: never public."""
    reading.labels.add("fermi_internal")
    read_trigger(document, reading)


def _gbm(number: int, name: str, read: Reader, phase: Phase | None, *, is_test: bool = False) -> VoEventType:
    return VoEventType(
        number=number,
        name=f"FERMI_GBM_{name}",
        stream="fermi_gbm_subthresh" if name == "SUBTHRESH" else "fermi_gbm",
        read=read,
        messenger=Messenger.GAMMA_RAY,
        phase=phase,
        error_containment=_CONTAINMENT,
        time_is_at="fermi",
        is_test=is_test,
    )


TYPES = (
    _gbm(110, "ALERT", read_alert, Phase.INITIAL),
    _gbm(111, "FLT_POS", read_flight, Phase.UPDATE),
    _gbm(112, "GND_POS", read_ground, Phase.UPDATE),
    _gbm(115, "FIN_POS", read_final, Phase.FINAL),
    _gbm(119, "POS_TEST", read_flight, None, is_test=True),
    _gbm(131, "SUBTHRESH", read_subthreshold, Phase.INITIAL),
    _gbm(114, "GND_INTERNAL", read_internal, None),
    _gbm(116, "ALERT_INTERNAL", read_internal, None),
    _gbm(117, "FLT_INTERNAL", read_internal, None),
    _gbm(146, "FIN_INTERNAL", read_internal, None),
)
