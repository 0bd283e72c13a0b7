"""The longest write transactions of a service, as it says itself on /metrics: on SQLite everybody waits for them."""

import re

from figures import Figure

#: Uses named one by one, those of the longest transactions.
MOST_NAMED = 5
#: Makes the schema at a first start, before anything is heard.
OF_THE_START = "build.build_store"


def longest_writes(metrics: str, prefix: str = "", *, most_s: float | None = None) -> list[Figure]:
    """Figures of the longest write transactions, ms; the longest of all may be required to be at most `most_s`."""
    found = re.findall(r'^tocsin_longest_write_seconds\{use="([^"]*)"\} (\S+)$', metrics, flags=re.MULTILINE)
    longest = sorted(((float(seconds), use) for use, seconds in found), reverse=True)
    if not longest:
        return []
    high = None if most_s is None else 1e3 * most_s
    return [
        Figure(name=f"{prefix}longest write transaction, ms", value=1e3 * longest[0][0], high=high),
        *(
            Figure(name=f"{prefix}longest write transaction of {use}, ms", value=1e3 * seconds)
            for seconds, use in longest[:MOST_NAMED]
        ),
    ]
