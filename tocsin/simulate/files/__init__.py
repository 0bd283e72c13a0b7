"""Simulated files, in the formats instruments deliver: GBM TTE, Konus-Wind and HEND texts, the ISDC's replies."""

from tocsin.simulate.files.gbm import tte_file_name, tte_fits
from tocsin.simulate.files.ipn import ephemeris_line, hend_position, hend_thr, konus_info, konus_thr, second_of_day
from tocsin.simulate.files.isdc import ephs_text, genlc_text, rtlc_columns

__all__ = [
    "ephemeris_line",
    "ephs_text",
    "genlc_text",
    "hend_position",
    "hend_thr",
    "konus_info",
    "konus_thr",
    "rtlc_columns",
    "second_of_day",
    "tte_file_name",
    "tte_fits",
]
