"""The tables of the store; `migrations` builds the same, step by step, and a test compares the two."""

from tocsin.store.tables.base import metadata
from tocsin.store.tables.events import decisions, event_aliases, event_views, events
from tocsin.store.tables.ledger import event_links, owner_tasks, trial_outcomes, trials
from tocsin.store.tables.notices import (
    OPEN_NOTICES,
    POINTING_NOTICES,
    QUARANTINED_NOTICES,
    UNKNOWN_NOTICES,
    kafka_positions,
    label_sets,
    notices,
    raw_blobs,
    receptions,
    topic_counts,
)
from tocsin.store.tables.partners import (
    UNDELIVERED,
    api_quotas,
    api_tokens,
    api_usage,
    computations,
    event_changes,
    event_index,
    sign_ins,
    webhook_deliveries,
    webhooks,
)
from tocsin.store.tables.people import APPEND_ONLY, approvals, audit, drafts, meta
from tocsin.store.tables.products import product_blobs, product_inputs, products
from tocsin.store.tables.rota import shift_offers
from tocsin.store.tables.running import feed_progress, feed_signs
from tocsin.store.tables.work import WORK_AHEAD, acknowledgements, jobs, messages

__all__ = [
    "APPEND_ONLY",
    "OPEN_NOTICES",
    "POINTING_NOTICES",
    "QUARANTINED_NOTICES",
    "UNDELIVERED",
    "UNKNOWN_NOTICES",
    "WORK_AHEAD",
    "acknowledgements",
    "api_quotas",
    "api_tokens",
    "api_usage",
    "approvals",
    "audit",
    "computations",
    "decisions",
    "drafts",
    "event_aliases",
    "event_changes",
    "event_index",
    "event_links",
    "event_views",
    "events",
    "feed_progress",
    "feed_signs",
    "jobs",
    "kafka_positions",
    "label_sets",
    "messages",
    "meta",
    "metadata",
    "notices",
    "owner_tasks",
    "product_blobs",
    "product_inputs",
    "products",
    "raw_blobs",
    "receptions",
    "shift_offers",
    "sign_ins",
    "topic_counts",
    "trial_outcomes",
    "trials",
    "webhook_deliveries",
    "webhooks",
]
