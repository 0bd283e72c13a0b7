"""The checker: knows the truth, asks the service over its own API as a stranger would, and compares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tocsin.demo.stand_ins.slack import SlackStandIn
from tocsin.simulate.timeline import EventTruth, NightTruth
from triangulation.skymap import SkyMap

#: The region that must hold the truth.
LEVEL = 0.9973


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What a night came to.

    Parameters
    ----------
    events
        Per event, JSON-able.
    received, stored, quarantined, unknown, duplicates
        Notices.
    sent
        Notices that went out.
    pages_for_tests
        Must be 0.
    problems
        What is not as it should be, in words.
    url
        Where the pages were.
    """

    events: tuple[Mapping[str, Any], ...]
    sent: int
    notices: Mapping[str, int]
    pages_for_tests: int
    problems: tuple[str, ...]
    url: str

    @property
    def is_good(self) -> bool:
        """True if nothing was lost, nobody was paged for a test, and the truth lies where it was said to."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "events": list(self.events),
            "notices": {
                "received": self.sent,
                "stored": self.notices["received"],
                "lost": self.sent - self.notices["received"],
                **{name: self.notices[name] for name in ("duplicates", "quarantined", "unknown")},
            },
            "pages_for_tests": self.pages_for_tests,
            "problems": list(self.problems),
        }


def check_night(url: str, truth: NightTruth, slack: SlackStandIn, *, sent: int, refused: list[str]) -> DemoResult:
    """Ask the service for everything it holds, and compare it with the truth."""
    with httpx.Client(base_url=url, timeout=20.0, trust_env=False) as client:
        listed = _all_events(client)
        events = tuple(_event(client, row, truth) for row in listed)
        feeds = client.get("/api/v1/feeds").raise_for_status().json()
    tests = [str(event["id"]) for event in events if event["is_test"]]
    counts = {name: int(feeds["totals"][name]) for name in ("received", "duplicates", "quarantined", "unknown")}
    for_tests = sum(any(f"/events/{event_id}" in _shown(message) for event_id in tests) for message in slack.messages)
    problems = [*_problems(events), *(f"a click was refused: {words}" for words in refused)]
    if counts["received"] != sent:
        problems.append(f"{sent} notices went out, {counts['received']} were stored")
    if for_tests:
        problems.append(f"{for_tests} messages about tests")
    return DemoResult(
        events=events, sent=sent, notices=counts, pages_for_tests=for_tests, problems=tuple(problems), url=url
    )


def _all_events(client: httpx.Client) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": 100} | ({"before": cursor} if cursor else {})
        page = client.get("/api/v1/events", params=parameters).raise_for_status().json()
        rows += page["events"]
        cursor = page.get("next")
        if not cursor:
            return rows


def _event(client: httpx.Client, row: Mapping[str, Any], truth: NightTruth) -> dict[str, Any]:
    event_id = str(row["id"])
    full = client.get(f"/api/v1/events/{event_id}").raise_for_status().json()
    known = truth.of(str(full["name"]), *(str(alias) for alias in full["aliases"]))
    shown: dict[str, Any] = {
        "id": event_id,
        "name": full["name"],
        "kind": full["kind"],
        "tier": full["tier"],
        "is_test": full["is_test"],
        "is_retracted": full["is_retracted"],
        "first_page_ms": full["first_page_ms"],
        "acknowledged_by": full["acknowledged_by"],
        "acknowledged_via": next((one["via"] for one in full["acknowledgements"] if one["is_first"]), None),
        "was_escalated": _was_escalated(client, event_id),
    }
    shown |= _search(full)
    shown["skymap"] = _skymap(client, event_id, known)
    shown["is_located"] = _is_located(shown["skymap"], known)
    shown["draft"] = _draft(full)
    return shown


def _was_escalated(client: httpx.Client, event_id: str) -> bool:
    timeline = client.get(f"/api/v1/events/{event_id}/timeline").raise_for_status().json()
    rows = timeline["timeline"] if isinstance(timeline, dict) else timeline
    return any("escalation" in str(row["text"]) for row in rows)


def _search(full: Mapping[str, Any]) -> dict[str, Any]:
    """The strongest counterpart; without one, the limit; neither where no data exist."""
    found = full["findings"]
    best = next((one["excess"] for one in found if one["excess"] and one["excess"]["is_counterpart"]), None)
    if best is not None:
        return {"search": {"snr": best["snr"], "fap": best["fap"], "t_s": best["t_s"]}}
    limit = next((one["limit_erg_cm2"] for one in found if one["limit_erg_cm2"] is not None), None)
    return {} if limit is None else {"limit_erg_cm2": limit}


def _skymap(client: httpx.Client, event_id: str, known: EventTruth | None) -> dict[str, Any] | None:
    answer = client.get(f"/api/v1/events/{event_id}/skymap")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    skymap = SkyMap.from_bytes(answer.raise_for_status().content)
    shown: dict[str, Any] = {"area_90_deg2": skymap.credible_area_deg2(0.9), "contains_truth": None}
    if known is not None and known.ra_deg is not None and known.dec_deg is not None:
        level = skymap.containment(known.ra_deg, known.dec_deg)
        shown |= {"contains_truth": bool(level <= LEVEL), "truth_level": level}
    return shown


def _is_located(skymap: Mapping[str, Any] | None, known: EventTruth | None) -> bool | None:
    """Whether the region is as small as several light curves make it; None where they do not."""
    if known is None or known.area_90_below_deg2 is None:
        return None
    return skymap is not None and skymap["area_90_deg2"] < known.area_90_below_deg2


def _draft(full: Mapping[str, Any]) -> dict[str, Any] | None:
    drafts = full["drafts"]
    if not drafts:
        return None
    kind = drafts[-1]["kind"]
    return {
        "kind": kind,
        "lint_errors": max(int(one["lint_errors"]) for one in drafts),
        "is_closed": full["is_retracted"] and kind != "retraction",
    }


def _problems(events: tuple[Mapping[str, Any], ...]) -> list[str]:
    found = [
        f"{event['name']}: the true position is outside the 99.73 % region"
        for event in events
        if event["skymap"] and event["skymap"].get("contains_truth") is False
    ]
    found += [
        f"{event['name']}: its light curves were not compared, or its region is too large"
        for event in events
        if event["is_located"] is False
    ]
    if not any(event["is_located"] for event in events):
        found.append("the burst seen by several craft is no event")
    woken = [event for event in events if event["first_page_ms"] is not None]
    if not any(event["acknowledged_via"] == "slack" and not event["was_escalated"] for event in woken):
        found.append("no page was acknowledged by a click before its escalation")
    if not any(event["acknowledged_via"] == "slack" and event["was_escalated"] for event in woken):
        found.append("no page was acknowledged after its escalation")
    found += [
        f"{event['name']}: its draft has {event['draft']['lint_errors']} blocking findings"
        for event in events
        if event["draft"] and event["draft"]["lint_errors"]
    ]
    return found


def _shown(message: Any) -> str:
    return f"{message.text} {message.blocks}"
