"""A specimen of our own making for each notice type, with what is read in it; and that no field is lost in silence.

Each case is a folder ``<notice type>/<case>``: ``notice.xml`` or ``.json``, ``expected.json``, perhaps ``topic.txt``.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from listeners.decode import decode
from listeners.json_types import TYPES as JSON_TYPES
from listeners.render import notice_to_json
from listeners.voevent_types import TYPES as VOEVENT_TYPES
from tocsin.domain.errors import NoticeError

HERE = Path(__file__).resolve().parent
CASES = sorted(path.parent for path in HERE.glob("*/*/notice.*"))
#: Fields that confirm a value or steer the decoding; changing one alone need not change the notice.
CONFIRMING = re.compile(
    r"_TJD$|_SOD$|^Discovery_|^EVENT_DATE$|^EVENT_TIME$|^Coords_(String|Type)$|^private$|^OpenAlert$|^AlertType$|^messenger$|^src_err(or)?_50$|^Rate_Signif$"
    r"|^\$schema$|^Trigger_ID/Test$|^reference$|^containment_probability$"
)


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def read(case: Path) -> tuple[bytes, str | None]:
    topic = case / "topic.txt"
    payload = next(case.glob("notice.*")).read_bytes()
    return payload, topic.read_text().strip() if topic.exists() else None


def decode_to_json(payload: bytes, topic: str | None) -> dict[str, Any]:
    return notice_to_json(decode(payload, topic=topic))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_specimen_reads_as_expected(case: Path, updates_golden: bool) -> None:
    payload, topic = read(case)
    found = decode_to_json(payload, topic)
    expected = case / "expected.json"
    if updates_golden:
        expected.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    assert found == json.loads(expected.read_text())


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_folder_is_named_after_the_type(case: Path) -> None:
    found = decode_to_json(*read(case))["notice_type"]
    names = {found, found.replace("/", "_"), found.partition(" ")[0]}
    assert case.parent.name in names


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_every_field_is_used_or_named_as_dropped(case: Path) -> None:
    """A field that is not named as dropped must matter: with it changed or gone, another notice is read."""
    payload, topic = read(case)
    found = decode_to_json(payload, topic)
    dropped = set(found["dropped_fields"])
    variants = xml_variants if payload.lstrip().startswith(b"<") else json_variants
    without_effect = set()
    for name, changed in variants(payload):
        group = re.split(r"[/.]", name)[0]
        if dropped.isdisjoint({name, group}) and not CONFIRMING.search(name.rpartition("/")[2] or name):
            without_effect.add(name)
            if any(has_effect(found, variant, topic) for variant in changed):
                without_effect.discard(name)
    assert without_effect == set()


def has_effect(found: dict[str, Any], payload: bytes, topic: str | None) -> bool:
    try:
        other = decode_to_json(payload, topic)
    except NoticeError:
        return True
    ignored = {"dropped_fields", "notice_id"}
    return {key: other[key] for key in other.keys() - ignored} != {key: found[key] for key in found.keys() - ignored}


def changed_texts(value: str) -> tuple[str, ...]:
    opposite = {"true": "false", "false": "true", "0": "1", "1": "0"}.get(value)
    longer = f"{value}7" if value else "7"
    return tuple(text for text in (opposite, longer, f"x{value}") if text is not None)


def xml_variants(payload: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """For each Param: its name, and documents in which it is changed, or gone."""
    tree = etree.fromstring(payload)
    for param in list(tree.iter("Param")):
        parent = param.getparent()
        assert parent is not None
        group = f"{parent.get('name')}/" if parent.tag == "Group" else ""
        value = param.get("value")
        made = []
        for text in changed_texts(value):
            param.set("value", text)
            made.append(etree.tostring(tree))
        param.set("value", value)
        place = parent.index(param)
        parent.remove(param)
        made.append(etree.tostring(tree))
        parent.insert(place, param)
        yield f"{group}{param.get('name')}", made


def json_variants(payload: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """For each field of the message and of the objects in it: its dotted name, and messages without it."""
    message = json.loads(payload)

    def walk(inside: dict[str, Any], prefix: str) -> Iterator[tuple[str, list[bytes]]]:
        for key in list(inside):
            if inside[key] in (None, {}, []):
                continue
            value = inside.pop(key)
            without = json.dumps(message).encode()
            inside[key] = value
            yield f"{prefix}{key}", [without]
            if isinstance(value, dict):
                yield from walk(value, f"{prefix}{key}.")

    yield from walk(message, "")


def test_every_decoder_has_a_specimen() -> None:
    sampled = {case.parent.name for case in CASES}
    kinds = [*VOEVENT_TYPES, *JSON_TYPES]
    shown = {kind.read for kind in kinds if kind.name.replace("/", "_") in sampled}
    assert {kind.name for kind in kinds if kind.read not in shown} == set()


def test_every_type_has_a_specimen() -> None:
    sampled = {case.parent.name for case in CASES}
    kinds = [*VOEVENT_TYPES, *JSON_TYPES]
    assert {kind.name for kind in kinds if kind.name.replace("/", "_") not in sampled} == set()
