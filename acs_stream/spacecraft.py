"""What carries which instrument: so that positions and light curves find each other."""

#: Words in an instrument's name to the craft that carries it.
CARRIERS = {
    "spi-acs": "INTEGRAL",
    "integral": "INTEGRAL",
    "gbm": "Fermi",
    "fermi": "Fermi",
    "konus": "Wind",
    "wind": "Wind",
    "hend": "Odyssey",
    "odyssey": "Odyssey",
    "mgns": "BepiColombo",
    "bepi": "BepiColombo",
    "bat": "Swift",
    "swift": "Swift",
}


def spacecraft_of(instrument: str) -> str:
    """Name of the craft that carries an instrument; the instrument's own name where it is not known.

    Examples
    --------
    >>> spacecraft_of("Konus-Wind")
    'Wind'
    """
    name = instrument.casefold()
    return next((craft for word, craft in CARRIERS.items() if word in name), instrument)
