"""Notices never seen before: each specimen in forms that its sender may well use tomorrow reads as it does today."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lxml import etree

from listeners.decode import decode
from tocsin.domain.notices import Notice

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
#: What a notice is about, which no change of form may touch.
CORE = (
    "stream",
    "notice_type",
    "event_ids",
    "role",
    "phase",
    "is_test",
    "is_retraction",
    "t0_utc",
    "issued_utc",
    "ra_deg",
    "dec_deg",
    "error_radius_deg",
    "error_containment",
    "far_hz",
    "signal_to_noise",
    "classification",
    "references",
    "labels",
)


def cases(suffix: str) -> list[Path]:
    return sorted(path.parent for path in GOLDEN.glob(f"*/*/notice.{suffix}"))


def read(case: Path) -> tuple[bytes, str | None]:
    topic = case / "topic.txt"
    return next(case.glob("notice.*")).read_bytes(), topic.read_text().strip() if topic.exists() else None


def core(notice: Notice) -> dict[str, object]:
    return {name: getattr(notice, name) for name in CORE}


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


# ---- VOEvent ---------------------------------------------------------------------------------------------------------


def another_prefix(text: str, _: Random) -> str:
    """The namespace under another prefix."""
    for known in re.findall(r"xmlns:(\w+)=\"http[^\"]*VOEvent", text):
        text = re.sub(rf"(</?|xmlns:){known}(?=[:=])", r"\1zz9", text)
    return text


def newer_namespace(text: str, _: Random) -> str:
    """The namespace by https, as ANTARES writes it, and of a version to come."""
    return text.replace("http://www.ivoa.net/xml/VOEvent/v2.0", "https://www.ivoa.net/xml/VOEvent/v2.1")


def loud_flags(text: str, _: Random) -> str:
    """Truth in capitals."""
    return re.sub(r'value="(true|false)"', lambda found: f'value="{found[1].upper()}"', text)


def titled_flags(text: str, _: Random) -> str:
    """Truth as Python writes it."""
    return re.sub(r'value="(true|false)"', lambda found: f'value="{found[1].title()}"', text)


def other_quotes(text: str, _: Random) -> str:
    """Single quotes, and spaces about the equals signs."""
    return re.sub(r'(\w)="([^"\'<>&]*)"', r"\1 = '\2'", text)


def reordered(text: str, random: Random) -> str:
    """Parameters in another order."""
    root = etree.fromstring(text.encode())
    for parent in root.iter("What", "Group"):
        params = [child for child in parent if child.tag == "Param" and not _is_repeated(child, parent)]
        places = [list(parent).index(child) for child in params]
        random.shuffle(params)
        for place, child in zip(places, params, strict=True):
            parent.remove(child)
            parent.insert(place, child)
    return etree.tostring(root, encoding="unicode")


def _is_repeated(child: Any, parent: Any) -> bool:
    return [one.get("name") for one in parent if one.tag == "Param"].count(child.get("name")) > 1


def with_more(text: str, _: Random) -> str:
    """Parameters and a group that nobody has heard of."""
    more = (
        '<Param name="New_Thing" value="7" unit="furlong"/><Group name="New Group"><Param name="x" value=""/></Group>'
    )
    return text.replace("<What>", f"<What>{more}", 1)


def without_words(text: str, _: Random) -> str:
    """No descriptions, no comments."""
    root = etree.fromstring(text.encode(), etree.XMLParser(remove_comments=True))
    for found in list(root.iter("Description")):
        found.getparent().remove(found)
    return etree.tostring(root, encoding="unicode")


def spread_out(text: str, _: Random) -> str:
    """Line ends of Windows, and white space about every text."""
    text = re.sub(r"<(ISOTime|C1|C2|Error2Radius|Date)>\s*([^<]+?)\s*</", r"<\1>\n   \2\t\n</", text)
    return text.replace("\n", "\r\n")


XML_FORMS = (
    another_prefix,
    newer_namespace,
    loud_flags,
    titled_flags,
    other_quotes,
    reordered,
    with_more,
    without_words,
    spread_out,
)


@pytest.mark.parametrize("form", XML_FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("case", cases("xml"), ids=name_of)
def test_a_voevent_in_another_form_tells_the_same(case: Path, form: Callable[[str, Random], str]) -> None:
    payload, topic = read(case)
    changed = form(payload.decode(), Random(name_of(case))).encode()
    assert core(decode(changed, topic=topic)) == core(decode(payload, topic=topic))


@pytest.mark.parametrize("case", cases("xml"), ids=name_of)
def test_a_parameter_nobody_knows_is_named_as_dropped(case: Path) -> None:
    payload, topic = read(case)
    notice = decode(with_more(payload.decode(), Random(1)).encode(), topic=topic)
    assert "New_Thing" in notice.dropped_fields
    assert any(name.startswith("New Group") for name in notice.dropped_fields)


# ---- JSON ------------------------------------------------------------------------------------------------------------
Message = dict[str, Any]


def other_order(message: Message, random: Random) -> Message:
    """Keys in another order, at every depth."""
    names = list(message)
    random.shuffle(names)
    return {
        name: other_order(message[name], random) if isinstance(message[name], dict) else message[name] for name in names
    }


def old_schema(message: Message, _: Random) -> Message:
    """A schema of years ago."""
    return _with_schema(message, "v3.0.0")


def coming_schema(message: Message, _: Random) -> Message:
    """A schema of years to come."""
    return _with_schema(message, "v19.4.2")


def _with_schema(message: Message, version: str) -> Message:
    schema = message.get("$schema")
    if not isinstance(schema, str):
        return message
    return {**message, "$schema": re.sub(r"/schema/[^/]+/", f"/schema/{version}/", schema)}


def with_more_fields(message: Message, _: Random) -> Message:
    """Fields that nobody has heard of."""
    return {"new_thing": {"deep": [1, {"x": None}]}, **message, "another_new_thing": "7"}


def with_nulls(message: Message, _: Random) -> Message:
    """What is missing is there, and null."""
    usual = (
        "far",
        "p_astro",
        "healpix_url",
        "healpix_file",
        "ra_dec_error",
        "event_duration",
        "alert_tense",
        "messenger",
    )
    return {**dict.fromkeys(usual), **message}


def lists_for_one(message: Message, _: Random) -> Message:
    """One identifier as a list, and a list of one as itself."""
    swapped = dict(message)
    for name in ("id", "event_name"):
        value = message.get(name)
        if isinstance(value, str):
            swapped[name] = [value]
        elif isinstance(value, list) and len(value) == 1:
            swapped[name] = value[0]
    return swapped


def times_with_offset(message: Message, _: Random) -> Message:
    """Times with a space and +00:00 for T and Z, as CHIME writes one of its own."""
    return {
        name: re.sub(r"^(\d{4}-\d\d-\d\d)T([\d:.]+)Z$", r"\1 \2+00:00", value) if isinstance(value, str) else value
        for name, value in message.items()
    }


JSON_FORMS = (
    other_order,
    old_schema,
    coming_schema,
    with_more_fields,
    with_nulls,
    lists_for_one,
    times_with_offset,
)


def json_cases() -> Iterator[Path]:
    return (case for case in cases("json") if isinstance(json.loads(read(case)[0]), Mapping))


@pytest.mark.parametrize("form", JSON_FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("case", list(json_cases()), ids=name_of)
def test_a_message_in_another_form_tells_the_same(case: Path, form: Callable[[Message, Random], Message]) -> None:
    payload, topic = read(case)
    changed = json.dumps(form(json.loads(payload), Random(name_of(case)))).encode()
    assert core(decode(changed, topic=topic)) == core(decode(payload, topic=topic))


@pytest.mark.parametrize("case", list(json_cases()), ids=name_of)
def test_a_field_nobody_knows_is_named_as_dropped(case: Path) -> None:
    payload, topic = read(case)
    notice = decode(json.dumps(with_more_fields(json.loads(payload), Random(1))).encode(), topic=topic)
    assert {"another_new_thing"} <= set(notice.dropped_fields)
    assert any(name.startswith("new_thing") for name in notice.dropped_fields)
