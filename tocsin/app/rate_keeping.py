"""Keeps what was fetched for events: into the archive of rates, where range reads and partners find it."""

from collections.abc import Callable

import structlog

from tocsin.app.rates import build_archive, table_of
from tocsin.domain.errors import RemoteError, ScienceError
from tocsin.domain.light_curves import LightCurve
from tocsin.settings import Settings

log = structlog.get_logger()


def rate_keeper(settings: Settings) -> Callable[[str, LightCurve], None]:
    """What stores light curves under their instrument's name in the archive; nothing where that is switched off.

    Returns
    -------
    Callable
        Takes the instrument's name and its light curve, all channels together, with product kind and timing. Done twice
        it changes nothing; what cannot be stored is logged, and no reaction fails by it.
    """
    if not settings.archive.keep_fetched:
        return lambda _instrument, _curve: None
    archive, names = build_archive(settings), table_of(settings)

    def keep(instrument: str, curve: LightCurve) -> None:
        stored_as = names[instrument].archived_as if instrument in names else instrument
        try:
            stored = archive.add(curve.replace(instrument=stored_as))
        except (RemoteError, ScienceError) as error:
            log.warning("rates not kept", instrument=stored_as, reason=str(error))
        else:
            log.info("rates kept", instrument=stored_as, new=stored.new, repeated=stored.repeated)

    return keep
