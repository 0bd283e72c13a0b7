"""Progress of the feeds: how far each topic was read, what was passed over, and the last word of each feed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, select, update

from tocsin.domain.notices import RawNotice
from tocsin.store.prepared import kept
from tocsin.store.rows import FeedSign, RawKept
from tocsin.store.tables import feed_progress, feed_signs
from tocsin.store.topic import Topic

_ALL = kept(select(feed_progress))
_LAG = kept(
    update(feed_progress).where(
        feed_progress.c.origin == bindparam("of_origin"),
        feed_progress.c.topic == bindparam("of_topic"),
        feed_progress.c.partition == bindparam("of_partition"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one partition was read.

    Parameters
    ----------
    highest
        Highest offset stored.
    gaps, missing
        How often offsets were passed over, and how many: kept too shortly by the broker, or never there.
    replays
        Messages that were read again after they had been stored.
    lag
        Messages the broker held behind the last one read, when last asked.
    lag_utc
        When that was.
    """

    highest: int
    gaps: int = 0
    missing: int = 0
    replays: int = 0
    lag: int | None = None
    lag_utc: datetime | None = None

    def after(self, offset: int, *, is_new: bool) -> "Progress":
        """Progress after one more message.

        A message with an offset read before is a replay if its bytes are known, else the topic was made anew.
        """
        if offset <= self.highest:
            return replace(self, highest=offset) if is_new else replace(self, replays=self.replays + 1)
        passed_over = offset - self.highest - 1
        return replace(
            self, highest=offset, gaps=self.gaps + (passed_over > 0), missing=self.missing + max(passed_over, 0)
        )


class FeedProgress(Topic):
    """Progress by broker, topic and partition."""

    def _keep_progress(self, raws: Sequence[RawNotice], kept_as: Sequence[RawKept]) -> None:
        """Count what was read, passed over and read again."""
        pairs = [
            ((raw.origin, raw.topic, raw.partition), raw.offset, one.is_new)
            for raw, one in zip(raws, kept_as, strict=True)
            if raw.transport == "kafka" and raw.topic is not None and raw.partition is not None
        ]
        if not pairs:
            return
        known = self.progress()
        changed: dict[tuple[str, str, int], Progress] = {}
        for (origin, topic, partition), offset, is_new in pairs:
            if offset is None:
                continue
            key = (origin, topic, partition)
            before = changed.get(key) or known.get(key)
            changed[key] = Progress(highest=offset) if before is None else before.after(offset, is_new=is_new)
        self._replace(feed_progress, [_row(key, one) for key, one in changed.items()])

    def progress(self) -> dict[tuple[str, str, int], Progress]:
        """Progress by (broker, topic, partition)."""
        return {
            (row.origin, row.topic, row.partition): Progress(
                highest=row.highest,
                gaps=row.gaps,
                missing=row.missing,
                replays=row.replays,
                lag=row.lag,
                lag_utc=row.lag_utc,
            )
            for row in self._all(_ALL)
        }

    def note_lag(self, origin: str, lags: Mapping[tuple[str, int], int], at_utc: datetime) -> None:
        """Keep how many messages a broker holds behind the last one read, by (topic, partition)."""
        for (topic, partition), lag in lags.items():
            place = {"of_origin": origin, "of_topic": topic, "of_partition": partition}
            self._statements.execute(_LAG, {**place, "lag": lag, "lag_utc": at_utc})

    def note_sign(self, sign: FeedSign) -> None:
        """Keep the last word of a feed, or of one topic of it."""
        row = {
            "feed": sign.feed,
            "topic": sign.topic or "",
            "state": sign.state,
            "message": sign.message,
            "at_utc": sign.at_utc,
        }
        self._replace(feed_signs, [row])

    def feed_signs(self) -> list[FeedSign]:
        """Last word of every feed, whichever process listens to it."""
        rows = self._all(select(feed_signs).order_by(feed_signs.c.feed, feed_signs.c.topic))
        return [
            FeedSign(feed=row.feed, topic=row.topic or None, state=row.state, message=row.message, at_utc=row.at_utc)
            for row in rows
        ]


def _row(key: tuple[str, str, int], one: Progress) -> dict[str, object]:
    origin, topic, partition = key
    return {
        "origin": origin,
        "topic": topic,
        "partition": partition,
        "highest": one.highest,
        "gaps": one.gaps,
        "missing": one.missing,
        "replays": one.replays,
        "lag": one.lag,
        "lag_utc": one.lag_utc,
    }
