"""Fermi GBM notices as VOEvent: ALERT (110), FLT_POS (111), GND_POS (112), FIN_POS (115), POS_TEST (119)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.domain.clock import to_utc
from tocsin.simulate.notices.voevent import (
    Group,
    Message,
    Packet,
    Param,
    Position,
    burst_time,
    coordinates_type,
    flags,
    iso_seconds,
)

#: Zero of Fermi's mission elapsed time; 5 leap seconds have passed since (2005, 2008, 2012, 2015, 2016).
MET_ZERO_UTC, LEAP_SECONDS = to_utc("2001-01-01"), 5


def fermi_met_s(moment: datetime) -> float:
    """Fermi mission elapsed time of a moment after 2017-01-01, s."""
    return (to_utc(moment) - MET_ZERO_UTC) / timedelta(seconds=1) + LEAP_SECONDS


def burst_number(trigger_utc: datetime) -> str:
    """GBM's name of a trigger: date and thousandths of the day, ``231012705``."""
    midnight = trigger_utc.replace(hour=0, minute=0, second=0, microsecond=0)
    thousandths = min(999, round((trigger_utc - midnight).total_seconds() / 86.4))
    return f"{trigger_utc:%y%m%d}{thousandths:03d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GbmTrigger:
    """A trigger on board.

    Parameters
    ----------
    trigger_utc
        Trigger time, true UTC at Fermi.
    significance
        Of the trigger, sigma.
    timescale_s
        On which it triggered, s.
    longitude_deg, latitude_deg
        Place of Fermi above the ground (longitude east, 0 to 360), deg.
    duration_class
        ``Short``, ``Long`` or ``unknown``.
    """

    trigger_utc: datetime
    significance: float
    timescale_s: float
    longitude_deg: float
    latitude_deg: float
    duration_class: str = "unknown"

    @property
    def id(self) -> int:
        """Trigger number: whole seconds of mission elapsed time."""
        return int(fermi_met_s(self.trigger_utc))

    def ivorn(self, kind: str, sequence: int, serial: int) -> str:
        """Identifier of one of its packets."""
        stamp = iso_seconds(self.trigger_utc, 2)
        return f"ivo://nasa.gsfc.gcn/Fermi#GBM_{kind}{stamp}_{self.id}_{sequence}-{serial:03d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GbmLocation:
    """A location of a trigger.

    Parameters
    ----------
    ra_deg, dec_deg
        Position, deg.
    error_deg
        68 % radius, deg; statistical only on the ground.
    significance
        Of the data used, sigma.
    """

    ra_deg: float
    dec_deg: float
    error_deg: float
    significance: float

    @property
    def position(self) -> Position:
        """The same for a packet."""
        return Position(ra_deg=self.ra_deg, dec_deg=self.dec_deg, error_deg=self.error_deg)


def gbm_alert(trigger: GbmTrigger, issued_utc: datetime, *, serial: int) -> Message:
    """Notice that GBM triggered, without a position."""
    what: tuple[Param | Group, ...] = (
        *_head(110, trigger, sequence=1),
        Param(name="Trig_Signif", value=f"{trigger.significance:.1f}", unit="sigma", ucd="stat.snr"),
        Param(name="Trig_Dur", value=f"{trigger.timescale_s:.3f}", unit="sec", ucd="time.interval"),
        Param(name="Lo_Chan_Energy", value="47", unit="keV", ucd="em.gamma"),
        Param(name="Hi_Chan_Energy", value="291", unit="keV", ucd="em.gamma"),
        Param(name="Algorithm", value="8"),
        Param(name="Dets", value="0x38"),
        Param(name="Misc_flags", value="0x00000000"),
        *_place(trigger),
        flags("Misc_Flags", Values_Out_of_Range=False, Delayed_Transmission=False, Flt_Generated=True, CRC_Error=False),
        _light_curve(trigger),
        *coordinates_type(has_position=False),
    )
    ivorn = trigger.ivorn("Alert_", 1, serial)
    subject = "A heads-up alert that the Fermi-GBM instrument found a transient."
    return _message("FERMI_GBM_ALERT", trigger, issued_utc, ivorn=ivorn, what=what, subject=subject)


def gbm_flight(
    trigger: GbmTrigger, location: GbmLocation, issued_utc: datetime, *, serial: int, cites: str, sequence: int = 47
) -> Message:
    """Location made on board; `cites` is the ivorn of the alert."""
    what: tuple[Param | Group, ...] = (
        *_head(111, trigger, sequence=sequence),
        Param(name="Burst_Inten", value=str(round(40 * location.significance)), unit="cts", ucd="phot.count"),
        Param(name="Trig_Timescale", value=f"{trigger.timescale_s:.3f}", unit="sec", ucd="time.interval"),
        Param(name="Data_Timescale", value=f"{trigger.timescale_s:.3f}", unit="sec", ucd="time.interval"),
        Param(name="Data_Signif", value=f"{location.significance:.2f}", unit="sigma", ucd="stat.snr"),
        *_place(trigger),
        Param(name="Algorithm", value="3", unit="dn"),
        Param(name="Most_Likely_Index", value="4", unit="dn"),
        Param(name="Most_Likely_Prob", value="94"),
        Param(name="Sec_Most_Likely_Index", value="7", unit="dn"),
        Param(name="Sec_Most_Likely_Prob", value="3"),
        Param(name="Hardness_Ratio", value="0.98", ucd="arith.ratio"),
        Param(name="Trigger_ID", value="0x00000000"),
        Param(name="Misc_flags", value="0x01000000"),
        _trigger_flags(),
        flags("Misc_Flags", Values_Out_of_Range=False, Delayed_Transmission=False, Flt_Generated=True),
        _light_curve(trigger),
        *coordinates_type(has_position=True),
    )
    ivorn = trigger.ivorn("Flt_Pos_", sequence, serial)
    return _message(
        "FERMI_GBM_FLT_POS",
        trigger,
        issued_utc,
        ivorn=ivorn,
        what=what,
        location=location,
        cites=cites,
        subject="The Fermi-GBM location of a transient.",
    )


def gbm_ground(
    trigger: GbmTrigger, location: GbmLocation, issued_utc: datetime, *, serial: int, cites: str, sequence: int = 57
) -> Message:
    """Location made on the ground by the automatic analysis."""
    what: tuple[Param | Group, ...] = (
        *_head(112, trigger, sequence=sequence),
        *_ground_analysis(trigger, location),
        _trigger_flags(),
        flags("Misc_Flags", Values_Out_of_Range=False, Flt_Generated=False, Gnd_Generated=True, CRC_Error=False),
        _light_curve(trigger),
        Param(
            name="LocationMap_URL",
            ucd="meta.ref.url",
            value=f"http://gcn.gsfc.nasa.gov/notices_f/gbm_gnd_loc_map_{trigger.id}.fits",
        ),
        *coordinates_type(has_position=True),
    )
    ivorn = trigger.ivorn("Gnd_Pos_", sequence, serial)
    return _message(
        "FERMI_GBM_GND_POS",
        trigger,
        issued_utc,
        ivorn=ivorn,
        what=what,
        location=location,
        cites=cites,
        subject="The Fermi-GBM location of a transient.",
    )


def gbm_final(trigger: GbmTrigger, location: GbmLocation, issued_utc: datetime, *, serial: int, cites: str) -> Message:
    """Final location, made by the full analysis some ten minutes later."""
    what: tuple[Param | Group, ...] = (
        *_head(115, trigger, sequence=0),
        *_ground_analysis(trigger, location),
        Group(
            name="Trigger_ID", params=(*_final_flags().params, Param(name="Long_short", value=trigger.duration_class))
        ),
        flags("Misc_Flags", Values_Out_of_Range=False, Flt_Generated=False, Gnd_Generated=True, CRC_Error=False),
        _light_curve(trigger),
        Param(name="LocationMap_URL", value=_quicklook(trigger, "locplot_all", "png"), ucd="meta.ref.url"),
        *coordinates_type(has_position=True),
    )
    ivorn = trigger.ivorn("Fin_Pos", 0, serial)
    return _message(
        "FERMI_GBM_FIN_POS",
        trigger,
        issued_utc,
        ivorn=ivorn,
        what=what,
        location=location,
        cites=cites,
        subject="The Fermi-GBM location of a transient.",
    )


def gbm_test(issued_utc: datetime, *, serial: int) -> Message:
    """Test notice as GCN sends it: role ``test``, trigger number 99999."""
    stamp = iso_seconds(issued_utc, 2)
    what: tuple[Param | Group, ...] = (
        Param(name="Packet_Type", value="119"),
        Param(name="Pkt_Ser_Num", value="1"),
        Param(name="TrigID", value="99999", ucd="meta.id"),
        Param(name="Sequence_Num", value="1", ucd="meta.id.part"),
        *burst_time(issued_utc),
        flags("Trigger_ID", Def_NOT_a_GRB=False, Test_Submission=True),
        *coordinates_type(has_position=True),
    )
    packet = Packet(
        ivorn=f"ivo://nasa.gsfc.gcn/Fermi#GBM_Test_Pos_{stamp}_099999_1-{serial:03d}",
        short_name="Fermi (via VO-GCN)",
        contact="Julie McEnery",
        issued_utc=issued_utc,
        t0_utc=issued_utc,
        what=what,
        subject="A test notice.",
        how="Fermi Satellite, GBM Instrument",
        how_url="http://gcn.gsfc.nasa.gov/fermi.html",
        position=Position(ra_deg=180.0, dec_deg=-35.0, error_deg=5.0),
        role="test",
    )
    return Message(topic="gcn.classic.voevent.FERMI_GBM_POS_TEST", payload=packet.xml())


def _head(packet_type: int, trigger: GbmTrigger, *, sequence: int) -> tuple[Param, ...]:
    return (
        Param(name="Packet_Type", value=str(packet_type)),
        Param(name="Pkt_Ser_Num", value="1"),
        Param(name="TrigID", value=str(trigger.id), ucd="meta.id"),
        Param(name="Sequence_Num", value=str(sequence), ucd="meta.id.part"),
        *burst_time(trigger.trigger_utc),
    )


def _place(trigger: GbmTrigger) -> tuple[Param, Param]:
    return (
        Param(name="SC_Long", value=f"{trigger.longitude_deg:.2f}", unit="deg", ucd="pos.earth.lon"),
        Param(name="SC_Lat", value=f"{trigger.latitude_deg:.2f}", unit="deg", ucd="pos.earth.lat"),
    )


def _ground_analysis(trigger: GbmTrigger, location: GbmLocation) -> tuple[Param, ...]:
    return (
        Param(name="Burst_Inten", value="0", unit="cts", ucd="phot.count"),
        Param(name="Data_Integ", value=f"{trigger.timescale_s:.3f}", unit="sec", ucd="time.interval"),
        Param(name="Burst_Signif", value=f"{location.significance:.2f}", unit="sigma", ucd="stat.snr"),
        Param(name="Algorithm", value="41731", unit="dn"),
        # The packets say keV, the numbers are eV.
        Param(name="Lo_Energy", value="44032", unit="keV"),
        Param(name="Hi_Energy", value="279965", unit="keV"),
        Param(name="Trigger_ID", value="0x00000001"),
        Param(name="Misc_flags", value="0x40000000"),
    )


def _trigger_flags() -> Group:
    return flags(
        "Trigger_ID",
        Def_NOT_a_GRB=False,
        Target_in_Blk_Catalog=False,
        Spatial_Prox_Match=False,
        Temporal_Prox_Match=False,
        Test_Submission=False,
    )


def _final_flags() -> Group:
    return flags(
        "Trigger_ID",
        Def_NOT_a_GRB=False,
        Target_in_Blk_Catalog=False,
        Human_generated=False,
        Robo_generated=True,
        Spatial_Prox_Match=False,
        Temporal_Prox_Match=False,
        Test_Submission=False,
    )


def _light_curve(trigger: GbmTrigger) -> Param:
    return Param(name="LightCurve_URL", value=_quicklook(trigger, "lc_medres34", "gif"), ucd="meta.ref.url")


def _quicklook(trigger: GbmTrigger, product: str, ending: str) -> str:
    name = f"bn{burst_number(trigger.trigger_utc)}"
    folder = f"http://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/{trigger.trigger_utc:%Y}/{name}/quicklook"
    return f"{folder}/glg_{product}_{name}.{ending}"


def _message(
    kind: str,
    trigger: GbmTrigger,
    issued_utc: datetime,
    *,
    ivorn: str,
    what: tuple[Param | Group, ...],
    subject: str,
    location: GbmLocation | None = None,
    cites: str | None = None,
) -> Message:
    packet = Packet(
        ivorn=ivorn,
        short_name="Fermi (via VO-GCN)",
        contact="Julie McEnery",
        issued_utc=issued_utc,
        t0_utc=trigger.trigger_utc,
        what=what,
        subject=subject,
        how="Fermi Satellite, GBM Instrument",
        how_url="http://gcn.gsfc.nasa.gov/fermi.html",
        position=Position() if location is None else location.position,
        cites=cites,
    )
    return Message(topic=f"gcn.classic.voevent.{kind}", payload=packet.xml())
