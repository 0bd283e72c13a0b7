"""The rota in force: the file's, with every shift that was offered and taken since, as the store has it now.

Whoever asks who is on call asks here, within a transaction: what one process was told holds for all from then on.
"""

from datetime import datetime, timedelta

from advocates.rota import Rota
from advocates.swaps import Misfit, misfits, with_covers
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context

#: How far back the rota with all swaps is known: calendars show a month, with the ends of what began before.
BACK = timedelta(days=120)


def rota_in_force(context: Context, work: UnitOfWork) -> Rota:
    """The rota with every shift that was taken, as far as it fits."""
    return with_covers(context.rota, work.taken_shifts(context.clock.now() - BACK), context.people)


def rota_now(context: Context) -> Rota:
    """The same, for whoever is in no transaction."""
    with context.store.read() as work:
        return rota_in_force(context, work)


def misfits_now(context: Context, work: UnitOfWork, now: datetime) -> tuple[Misfit, ...]:
    """Shifts taken that no longer fit the file's rota, in part or at all."""
    return misfits(context.rota, work.taken_shifts(now), context.people, now)
