"""Prometheus metrics of the way of the data; `/metrics` shows them."""

from prometheus_client import Counter, Gauge, Histogram

NOTICES = Counter("tocsin_notices_total", "Notices received, by what became of them", ["outcome"])
MESSAGES = Counter("tocsin_messages_total", "Messages handed to channels", ["channel", "purpose", "outcome"])
JOBS = Counter("tocsin_jobs_total", "Owed work done", ["kind", "outcome"])
FIRST_PAGE_S = Histogram(
    "tocsin_first_page_seconds",
    "From the bytes received to the channel's reply to the first page",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0),
)
#: Finer than a page's promise (0.1 s in the median, 0.5 s at most).
_PAGE_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 60.0)
PAGE_STAGE_S = Histogram(
    "tocsin_page_stage_seconds",
    "A page's way in stages: received to decided, to taken by a worker, to composed, to the channel's reply",
    ["stage"],
    buckets=_PAGE_BUCKETS_S,
)
COMPANY_WAIT_S = Histogram(
    "tocsin_company_wait_seconds",
    "From a notice received to its batch handed over for storing: what it waits for company alone",
    buckets=_PAGE_BUCKETS_S,
)
KEPT_S = Histogram(
    "tocsin_kept_seconds",
    "From a notice received to its transaction committed: company, decoding, the turn to write, and the writing",
    buckets=_PAGE_BUCKETS_S,
)
GROUP_WAIT_S = Histogram(
    "tocsin_group_wait_seconds",
    "From a notice received to its transaction begun: what it waits for others, and for its turn",
    buckets=_PAGE_BUCKETS_S,
)
NOTICE_AGE_S = Histogram(
    "tocsin_notice_age_seconds",
    "From a notice issued, by its own word, to its bytes received, by stream",
    ["stream"],
    buckets=(0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3600.0, 86400.0),
)
SIGN = Gauge("tocsin_sign_is_ok", "Signs of the watchdog: 1 well, 0 not", ["sign"])
#: From milliseconds (a message) to minutes (a search of a year).
_BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
STAGE_S = Histogram("tocsin_stage_seconds", "Wall time of a piece of work, by kind", ["stage"], buckets=_BUCKETS_S)
WAIT_S = Histogram("tocsin_wait_seconds", "From due to begun, by kind of work", ["stage"], buckets=_BUCKETS_S)
