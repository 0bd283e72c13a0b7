"""Gauges read from the store when Prometheus asks: how far behind the work is, when each feed spoke last, what stands.

Feeds that not everybody may know of are counted together as ``restricted``; no event is ever named.
"""

import json
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tocsin.domain.clock import Clock
from tocsin.domain.jobs import JobState
from tocsin.store import Store, UnitOfWork
from tocsin.workflow.watching import STANDING

RESTRICTED = "restricted"


class Gauges(Collector):
    """Everything of one service that is known by asking.

    Parameters
    ----------
    store, clock
        Of the service.
    data_dir
        Whose disk is watched.
    restricted
        Topics and streams that are not named.
    """

    def __init__(self, store: Store, clock: Clock, data_dir: Path, restricted: Collection[str]) -> None:
        self._store = store
        self._clock = clock
        self._data_dir = data_dir
        self._restricted = restricted
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """All metrics of this process and its store, as Prometheus reads them."""
        return generate_latest(REGISTRY) + generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """Gauges as they are now."""
        with self._store.read() as work:
            yield from self._jobs(work)
            yield from self._feeds(work)
            yield from _messages(work)
            alarms = GaugeMetricFamily("tocsin_alarms", "Alarms of the watchdog that stand")
            alarms.add_metric([], len(json.loads(work.meta(STANDING) or "{}")))
            yield alarms
        free = GaugeMetricFamily("tocsin_disk_free_bytes", "Free space of the data folder's disk")
        free.add_metric([], shutil.disk_usage(self._data_dir).free)
        yield free

    def _jobs(self, work: UnitOfWork) -> Iterable[Metric]:
        number = GaugeMetricFamily("tocsin_jobs", "Owed work, by kind and state", labels=["kind", "state"])
        late = GaugeMetricFamily("tocsin_late_seconds", "For how long the oldest work is due", labels=["kind"])
        now = self._clock.now()
        for count in work.job_counts():
            number.add_metric([count.kind.value, count.state.value], count.count)
            if count.state is JobState.WAITING:
                behind_s = (now - count.oldest_due_utc).total_seconds()
                late.add_metric([count.kind.value], max(0.0, behind_s))
        yield number
        yield late

    def _feeds(self, work: UnitOfWork) -> Iterable[Metric]:
        last: dict[str, float] = {}
        counts: dict[tuple[str, str], int] = {}
        for row in work.feed_report():
            name = RESTRICTED if row.topic_or_stream in self._restricted else row.topic_or_stream
            last[name] = max(last.get(name, 0.0), row.last_received_utc.timestamp())
            for what in ("received", "stored", "duplicates", "quarantined", "unknown"):
                counts[name, what] = counts.get((name, what), 0) + int(getattr(row, what))
        when = GaugeMetricFamily("tocsin_feed_last_timestamp_seconds", "Last notice, by feed", labels=["feed"])
        for name, stamp in sorted(last.items()):
            when.add_metric([name], stamp)
        yield when
        number = CounterMetricFamily("tocsin_feed_notices", "Notices, by feed and outcome", labels=["feed", "outcome"])
        for (name, what), count in sorted(counts.items()):
            number.add_metric([name, what], count)
        yield number


def _messages(work: UnitOfWork) -> Iterable[Metric]:
    counts = work.message_counts()
    family = GaugeMetricFamily("tocsin_outbox", "Messages, by state", labels=["state"])
    for state in ("pending", "sent", "failed"):
        family.add_metric([state], getattr(counts, state))
    yield family
