"""Folders that a web server lists: names of files in its page, and the highest version of each."""

import re
from collections.abc import Iterable

import httpx

from acs_stream.sources.http import NotThereError, get
from tocsin.domain.errors import RemoteError

_LINK = re.compile(r"""href\s*=\s*["']?([^"'?#> ]+)""", re.IGNORECASE)


def listed(client: httpx.Client, url: str) -> tuple[str, ...] | None:
    """Names in a listed folder, sorted, folders without their slash; None where there is no such folder.

    Raises
    ------
    RemoteError
        The server fails, or what it sends is no listing.
    """
    try:
        content = get(client, url.rstrip("/") + "/")
    except NotThereError:
        return None
    page = content.decode("utf-8", errors="replace")
    links = _LINK.findall(page)
    if not links:
        raise RemoteError(f"{httpx.URL(url).host} sent no listing of {httpx.URL(url).path}", remedy="asked again later")
    names = {link.rstrip("/") for link in links if not link.startswith(("/", "http:", "https:", "..", "mailto:"))}
    return tuple(sorted(name for name in names if name and "/" not in name))


def newest_versions(names: Iterable[str], pattern: re.Pattern[str]) -> dict[tuple[str, ...], str]:
    """Name of the highest version of each file.

    Parameters
    ----------
    names
        As listed.
    pattern
        Matches a whole name; its group ``version`` is a number, the other groups together say which file it is.

    Returns
    -------
    dict
        By the other groups.
    """
    best: dict[tuple[str, ...], tuple[int, str]] = {}
    for name in names:
        found = pattern.fullmatch(name)
        if found is None:
            continue
        version = int(found["version"])
        key = tuple(value for group, value in found.groupdict("").items() if group != "version")
        if key not in best or (version, name) > best[key]:
            best[key] = (version, name)
    return {key: name for key, (_, name) in best.items()}
