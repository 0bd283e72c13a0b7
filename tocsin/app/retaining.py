"""Retention: what `[retention]` lets go of, shown first, then forgotten in small steps, each in the audit.

Nothing an event rests on is ever let go of: its notices, decisions, products, messages and all that people did are kept
for ever.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from tocsin.domain.clock import Clock
from tocsin.settings import RetentionTable
from tocsin.store import Store
from tocsin.workflow.context import Context

#: Rows of one transaction: others write in between.
STEP = 200
#: How often a service that forgets by itself does, s.
EVERY_S = 86_400.0
ACTION = "forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgettable:
    """Notices of nothing and products of rehearsals: how many, and the size of their bytes."""

    notices: int
    notice_bytes: int
    products: int
    product_bytes: int

    @property
    def words(self) -> str:
        """One line for a person."""
        return (
            f"{self.notices} notices of no event ({self.notice_bytes / 1e6:.1f} MB), "
            f"{self.products} products of rehearsals ({self.product_bytes / 1e6:.1f} MB)"
        )


def outlook(store: Store, clock: Clock, rules: RetentionTable) -> Forgettable:
    """What would be forgotten now."""
    notices_before, products_before = _limits(clock, rules)
    with store.read() as work:
        notices = (0, 0) if notices_before is None else work.forgettable_bytes(notices_before)
        products = (0, 0) if products_before is None else work.forgettable_products_bytes(products_before)
    return Forgettable(notices=notices[0], notice_bytes=notices[1], products=products[0], product_bytes=products[1])


def forget(store: Store, clock: Clock, rules: RetentionTable, *, actor: str = "tocsin") -> Forgettable:
    """Forget what may be; what that was stands in the audit."""
    coming = outlook(store, clock, rules)
    notices_before, products_before = _limits(clock, rules)
    gone = {"notices": 0, "products": 0}
    while products_before is not None:
        with store.begin() as work:
            ids = work.forgettable_products(products_before, limit=STEP)
            gone["products"] += work.forget_products(ids, products_before)
        if len(ids) < STEP:
            break
    while notices_before is not None:
        with store.begin() as work:
            keys = work.forgettable_notices(notices_before, limit=STEP)
            gone["notices"] += work.forget_notices(keys)
        if len(keys) < STEP:
            break
    if any(gone.values()):
        with store.begin() as work:
            work.audit(actor, ACTION, "retention", {**gone, "rules": rules.model_dump()}, clock.now())
    return Forgettable(**{**asdict(coming), **gone})


def forget_by_itself(context: Context, rules: RetentionTable) -> None:
    """Forget, as the process that ticks does once a day."""
    forget(context.store, context.clock, rules)


def _limits(clock: Clock, rules: RetentionTable) -> tuple[datetime | None, datetime | None]:
    """Times before which notices of nothing, and products of rehearsals, may be forgotten; None: never."""
    days = (rules.other_notices_days, rules.rehearsals_days)
    first, second = (clock.now() - timedelta(days=one) if one else None for one in days)
    return first, second
