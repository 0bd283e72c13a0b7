"""Everything the store can be asked and told within one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from tocsin.store.access import Access
from tocsin.store.changes import Changes
from tocsin.store.computations import Computations
from tocsin.store.event_counts import EventCounting
from tocsin.store.event_links import EventLinks
from tocsin.store.event_queries import EventQueries
from tocsin.store.events import Events
from tocsin.store.feeds import Feeds
from tocsin.store.jobs import Jobs
from tocsin.store.leases import Leases
from tocsin.store.owners import OwnerTasks
from tocsin.store.receptions import Receptions
from tocsin.store.retention import Retention
from tocsin.store.shift_offers import ShiftOffers
from tocsin.store.timeline import Timeline
from tocsin.store.trials import Trials
from tocsin.store.webhooks import Webhooks


class UnitOfWork(
    Leases,
    Timeline,
    Receptions,
    Feeds,
    Events,
    EventQueries,
    EventLinks,
    Trials,
    OwnerTasks,
    ShiftOffers,
    Jobs,
    Access,
    Changes,
    Computations,
    Webhooks,
    EventCounting,
    Retention,
):
    """One transaction: what is done here is kept together, or not at all.

    `Timeline` brings the topics it reads: notices, decisions, products, messages, acknowledgements, drafts, the audit.
    """

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is undone alone when an exception leaves it."""
        with self._connection.begin_nested():
            yield
