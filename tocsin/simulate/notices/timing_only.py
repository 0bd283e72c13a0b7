"""Notices that carry a time and no place: INTEGRAL SPI-ACS (52), KONUS_LC (59), IPN_RAW (31)."""

from datetime import datetime

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
    truncated_julian,
)


def spiacs(
    t0_utc: datetime,
    issued_utc: datetime,
    *,
    trigger_id: int,
    sigma: float,
    timescale_s: float,
    serial: int,
    is_near_another: bool = False,
) -> Message:
    """IBAS notice of a rise of the SPI-ACS rate.

    Parameters
    ----------
    t0_utc
        Centre of the bin that triggered, true UTC at INTEGRAL.
    issued_utc
        Time of issue.
    trigger_id
        IBAS number.
    sigma, timescale_s
        Significance, and length of the bin, s.
    serial
        Last three digits of the ivorn.
    is_near_another
        Another instrument triggered at the same time.
    """
    what: tuple[Param | Group, ...] = (
        Param(name="Packet_Type", value="52"),
        Param(name="Pkt_Ser_Num", value="1"),
        Param(name="TrigID", value=str(trigger_id), ucd="meta.id"),
        *burst_time(t0_utc),
        Param(name="Inten_Sigma", value=f"{sigma:.2f}", unit="sigma", ucd="stat.snr"),
        Param(name="Time_Error", value=f"{0.5 * timescale_s:.4f}", unit="sec", ucd="time"),
        Param(name="Time_Scale", value=f"{timescale_s:.4f}", unit="sec", ucd="time"),
        *coordinates_type(has_position=False),
        Param(name="Det_flags", value="0x190"),
        Param(name="Test_mpos", value="0x20000000" if is_near_another else "0x0"),
        Param(name="Misc_att", value="0x0"),
        flags(
            "Test_mpos",
            Spatial_Prox_Match=False,
            Temporal_Prox_Match=is_near_another,
            Def_NOT_a_GRB=False,
            Test_Notice=False,
        ),
    )
    return _integral(what, t0_utc, issued_utc, number=trigger_id, serial=serial, role="observation")


def spiacs_test(issued_utc: datetime, *, serial: int) -> Message:
    """IBAS test notice: number 0, always of 23 May of the year, 12:03:23.68."""
    t0_utc = issued_utc.replace(month=5, day=23, hour=12, minute=3, second=23, microsecond=680_000)
    what: tuple[Param | Group, ...] = (
        Param(name="Packet_Type", value="52"),
        Param(name="Pkt_Ser_Num", value="1"),
        Param(name="TrigID", value="0", ucd="meta.id"),
        *burst_time(t0_utc),
        Param(name="Inten_Sigma", value="11.34", unit="sigma", ucd="stat.snr"),
        Param(name="Time_Error", value="0.5300", unit="sec", ucd="time"),
        Param(name="Time_Scale", value="0.5000", unit="sec", ucd="time"),
        *coordinates_type(has_position=False),
        Param(name="Det_flags", value="0xca"),
        Param(name="Test_mpos", value="0x80000000"),
        Param(name="Misc_att", value="0x0"),
        flags("Test_mpos", Temporal_Prox_Match=False, Def_NOT_a_GRB=False, Test_Notice=True),
    )
    return _integral(what, t0_utc, issued_utc, number=0, serial=serial, role="test")


def konus_light_curve(t0_utc: datetime, issued_utc: datetime, *, sequence: int, serial: int) -> Message:
    """Notice of a Konus-Wind trigger; the time is at Wind."""
    tjd, sod = truncated_julian(t0_utc)
    what: tuple[Param | Group, ...] = (
        Param(name="Packet_Type", value="59"),
        Param(name="Pkt_Ser_Num", value=str(sequence)),
        Param(name="TrigID", value=str(tjd * 100_000 + int(sod)), ucd="meta.id"),
        *burst_time(t0_utc),
        *coordinates_type(has_position=False),
        Param(name="Trigger_ID", value="0x201"),
        Param(
            name="Light_Curve",
            value=f"http://gcn.gsfc.nasa.gov/gcn/notices_k/konus_lc_{t0_utc:%y%m%d}_{int(sod)}.gif",
            ucd="meta.ref.url",
        ),
    )
    packet = Packet(
        ivorn=f"ivo://nasa.gsfc.gcn/KONUS#Lightcurve_{iso_seconds(t0_utc, 2)}_{sequence:06d}-{serial:03d}",
        short_name="KONUS (via VO-GCN)",
        contact="Valentin Palshin",
        issued_utc=issued_utc,
        t0_utc=t0_utc,
        what=what,
        subject="The gamma-ray lightcurve of a transient detected by the KONUS-WIND instrument.",
        how="WIND Satellite, KONUS Instrument",
        how_url="http://gcn.gsfc.nasa.gov/konus.html",
    )
    return Message(topic="gcn.classic.voevent.KONUS_LC", payload=packet.xml())


def ipn_raw(t0_utc: datetime, issued_utc: datetime, *, sequence: int, serial: int) -> Message:
    """Times-only notice of the IPN, the twin of a Konus-Wind one: same time, at Wind."""
    nothing = ("IPN_RA_Center", "deg"), ("IPN_Dec_Center", "deg"), ("IPN_Radius", "deg"), ("IPN_Width", "sec")
    what: tuple[Param | Group, ...] = (
        Param(name="Packet_Type", value="31"),
        Param(name="Pkt_Ser_Num", value=str(sequence)),
        Param(name="TrigID", value="-1", ucd="meta.id"),
        *burst_time(t0_utc),
        *(Param(name=name, value="-1.0000", unit=unit) for name, unit in nothing),
        *coordinates_type(has_position=False),
        Param(name="Trigger_ID", value="0x201"),
        Param(name="Misc", value="0x4000"),
        flags("Trigger_ID", Times_Only=True, Trig_Time_Only=True),
        flags(
            "Misc",
            Mars_Odyssey_HEND_contributed=False,
            KONUS_Wind_contributed=True,
            Swift_BAT_contributed=False,
            INTEGRAL_SPIACS_contributed=False,
            Fermi_GBM_contributed=False,
        ),
    )
    packet = Packet(
        ivorn=f"ivo://nasa.gsfc.gcn/IPN#Raw_{iso_seconds(t0_utc, 2)}_-00001-{serial:03d}",
        short_name="IPN (via VO-GCN)",
        contact="Kevin Hurley",
        issued_utc=issued_utc,
        t0_utc=t0_utc,
        what=what,
        subject="An IPN Timestamp-only notice (sometimes an Annulis notice).",
        how="IPN System",
        how_url="http://gcn.gsfc.nasa.gov/ipn.html",
        position=Position(ra_deg=-1.0, dec_deg=-1.0, error_deg=-1.0),
    )
    return Message(topic="gcn.classic.voevent.IPN_RAW", payload=packet.xml())


def _integral(
    what: tuple[Param | Group, ...], t0_utc: datetime, issued_utc: datetime, *, number: int, serial: int, role: str
) -> Message:
    packet = Packet(
        ivorn=f"ivo://nasa.gsfc.gcn/INTEGRAL#SPIACS_{number:06d}-0-{serial:03d}",
        short_name="INTEGRAL (via VO-GCN)",
        contact="S. Mereghetti",
        issued_utc=issued_utc,
        t0_utc=t0_utc,
        what=what,
        subject="A countrate increase trigger in the Anti-Coincidence Shield of the INTEGRAL-SPI instrument.",
        how="INTEGRAL Satellite, SPI-ACS Instrument",
        how_url="http://gcn.gsfc.nasa.gov/integral.html",
        role=role,
    )
    return Message(topic="gcn.classic.voevent.INTEGRAL_SPIACS", payload=packet.xml())
