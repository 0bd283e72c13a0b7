"""What circulars of each kind must state, and what they should. Pure."""

from collections.abc import Mapping

from tocsin.domain.drafts import DraftKind

_EVENT = ("authors", "event_name", "t0_utc")
_LIMIT = (
    *_EVENT,
    "instrument",
    "data_word",
    "window_s",
    "background_word",
    "excess_std_ratio",
    "limit_hard_1s_erg_cm2",
    "limit_soft_1s_erg_cm2_s",
    "limit_soft_8s_erg_cm2_s",
    "hard_spectrum",
    "soft_spectrum",
    "limit_region",
    "band",
    "response_percent",
    "response_systematic_percent",
)
_MARGINAL = (
    *(name for name in _LIMIT if not name.startswith(("limit_", "soft_", "hard_", "band", "response_systematic"))),
    *("loudest_t_s", "loudest_scale_s", "loudest_snr", "loudest_fap", "time_place"),
    *("excess_1_t_s", "excess_1_scale_s", "excess_1_snr", "excess_1_fap", "excess_1_class"),
)
_ANNULUS = ("pair", "ra_deg", "dec_deg", "radius_deg", "minus_3sigma_deg", "plus_3sigma_deg")
_RING = tuple(f"annulus_1_{name}" for name in _ANNULUS)
_SECOND_RING = tuple(f"annulus_2_{name}" for name in _ANNULUS)
_CORNERS = tuple(f"corner_{number}_{name}_deg" for number in range(1, 5) for name in ("ra", "dec"))

#: Facts a circular of each kind must state, and those it should: (required, advised).
STATED: Mapping[DraftKind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    DraftKind.SPIACS_UPPER_LIMIT: (_LIMIT, ("angle_deg", "scale_min_s")),
    DraftKind.UPPER_LIMIT: (_LIMIT, ("angle_deg", "scale_min_s")),
    DraftKind.MARGINAL_EXCESS: (_MARGINAL, ("angle_deg", "scale_min_s", "limit_90_hard_1s_erg_cm2")),
    DraftKind.DETECTION: (
        (
            *_EVENT,
            *("instrument", "data_word", "window_s", "time_place", "localization_word"),
            *("loudest_t_s", "loudest_scale_s", "loudest_snr", "loudest_fap"),
        ),
        ("duration_s",),
    ),
    DraftKind.COINCIDENCE: (
        (*_EVENT, "other_name", "difference_s", "association_chance", "trials"),
        ("joint_far_hz", "overlap"),
    ),
    DraftKind.IPN_ANNULUS: ((*_EVENT, "detectors", *_RING), ()),
    DraftKind.IPN_BOX: (
        (
            *_EVENT,
            *("detectors", "box_ra_deg", "box_dec_deg", "box_area_deg2", "box_max_deg", "box_min_deg"),
            *_CORNERS,
            *_RING,
            *_SECOND_RING,
        ),
        ("sun_distance_deg", "area_90_deg2"),
    ),
    DraftKind.RETRACTION: (("authors", "event_name", "retraction_reason"), ("withdrawn_circulars", "retracted_utc")),
    DraftKind.CORRECTION: (
        ("authors", "event_name", "corrected_circular", "change_1_words", "change_1_old", "change_1_new"),
        (),
    ),
    DraftKind.UPDATE: (
        ("authors", "event_name", "earlier_circulars", "change_1_words", "change_1_old", "change_1_new"),
        (),
    ),
}
