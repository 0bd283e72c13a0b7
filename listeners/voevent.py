"""VOEvent documents: hardened parsing, and what is where in them.

Any namespace or none, versions 1.1 and 2.0. A DOCTYPE is refused, entities are not expanded, nothing is fetched. What
the parameters mean is the business of the decoders in `listeners.notices`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from listeners.fields import Fields
from tocsin.domain.errors import NoticeError

#: Flags by which one or another sender says "this is a test", wherever in the packet they stand.
TEST_FLAGS = frozenset({"Test", "Test_Submission", "Test_Notice", "InternalTest"})
_PROLOG_DOCTYPE = re.compile(rb"\A[^<]*(?:<(?:\?|!--)[^>]*>[^<]*)*<!DOCTYPE", re.IGNORECASE)
#: lxml takes a lock around each use, so threads may share it.
_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
)
_TRUE_TEXTS = frozenset({"true", "True", "TRUE", "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A notice cited by another: its identifier and in what sense (``followup``, ``supersedes``, ``retraction``)."""

    ivorn: str
    cite: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoEvent:
    """A VOEvent document, its parts as texts.

    Parameters
    ----------
    ivorn, role, version
        Attributes of the root; empty where absent.
    author
        Who/AuthorIVORN, author's short name and title, in one text.
    date
        Who/Date.
    params
        What/Param as ``Name`` and What/Group/Param as ``Group/Name``.
    test_flags
        Names of the parameters that say it is a test.
    iso_time, coord_system, ra_deg, dec_deg, error_radius_deg
        Of the first ObservationLocation, texts; None where absent.
    citations
        What it cites, empty ones left out.
    """

    ivorn: str
    role: str
    version: str
    author: str
    date: str | None
    params: Fields
    test_flags: tuple[str, ...]
    iso_time: str | None
    coord_system: str | None
    ra_deg: str | None
    dec_deg: str | None
    error_radius_deg: str | None
    citations: tuple[Citation, ...]


def parse_voevent(payload: bytes) -> VoEvent:
    """VOEvent document in the bytes.

    Raises
    ------
    NoticeError
        It is no well-formed XML, has a DOCTYPE, or its root is no VOEvent.
    """
    root = _parse_xml(payload)
    if _local(root.tag) != "VOEvent":
        raise NoticeError(f"XML, but no VOEvent: the root is <{_local(root.tag)[:40]}>")
    parts = {_local(child.tag): child for child in root}
    params, flags = _read_params(parts.get("What"))
    where = _read_location(parts.get("WhereWhen"))
    author, date = _read_who(parts.get("Who"))
    return VoEvent(
        ivorn=(root.get("ivorn") or root.get("id") or "").strip(),
        role=(root.get("role") or "").strip(),
        version=root.get("version") or "",
        author=author,
        date=date,
        params=Fields(params),
        test_flags=tuple(flags),
        iso_time=where.get("ISOTime"),
        coord_system=where.get("AstroCoordSystem"),
        ra_deg=where.get("C1"),
        dec_deg=where.get("C2"),
        error_radius_deg=where.get("Error2Radius"),
        citations=_read_citations(parts.get("Citations")),
    )


def _parse_xml(payload: bytes) -> etree._Element:
    if _PROLOG_DOCTYPE.match(payload[:65536]):
        raise NoticeError("XML with a DOCTYPE: refused unread", remedy="a notice needs none; ask the sender")
    try:
        root = etree.fromstring(payload, _PARSER)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise NoticeError(f"no well-formed XML: {str(error)[:200]}") from error
    if root is None:
        raise NoticeError("no well-formed XML: no root element")
    if root.getroottree().docinfo.internalDTD is not None:
        raise NoticeError("XML with a DOCTYPE: refused", remedy="a notice needs none; ask the sender")
    return root


def _local(tag: object) -> str:
    """Name of an element without its namespace; empty for what is no element (an unexpanded entity)."""
    if not isinstance(tag, str):
        return ""
    return tag.rpartition("}")[2] if tag[0] == "{" else tag


def _read_params(what: etree._Element | None) -> tuple[dict[str, object], list[str]]:
    params: dict[str, object] = {}
    flags: list[str] = []
    for child in what if what is not None else ():
        name = _local(child.tag)
        if name == "Param":
            _add_param(child, "", params, flags)
        elif name == "Group":
            group = (child.get("name") or "").strip() + "/"
            for member in child:
                if _local(member.tag) == "Param":
                    _add_param(member, group, params, flags)
    return params, flags


def _add_param(param: etree._Element, group: str, params: dict[str, object], flags: list[str]) -> None:
    name = param.get("name") or "(unnamed)"
    value = param.get("value")
    if value is None:
        value = _child_text(param, "Value")
    key = group + name.strip()
    if key in params:  # a name may repeat: the first stands, the others are named as dropped
        key = f"{key} (repeated)"
    params[key] = value
    if name in TEST_FLAGS and value in _TRUE_TEXTS:
        flags.append(key)


def _child_text(element: etree._Element, name: str) -> str:
    for child in element:
        if _local(child.tag) == name:
            return (child.text or "").strip()
    return ""


def _read_who(who: etree._Element | None) -> tuple[str, str | None]:
    author: list[str] = []
    date = None
    for child in who if who is not None else ():
        name = _local(child.tag)
        if name == "Date":
            date = (child.text or "").strip() or None
        elif name == "AuthorIVORN":
            author.append((child.text or "").strip())
        elif name == "Author":
            author.extend(
                (item.text or "").strip() for item in child if _local(item.tag) in {"shortName", "title", "AuthorIVORN"}
            )
    return " ".join(author), date


def _read_location(where: etree._Element | None) -> dict[str, str]:
    """Texts of the first ObservationLocation: never of an ObservatoryLocation, which may hold zeros."""
    if where is None:
        return {}
    found: dict[str, str] = {}
    location = next(where.iter("{*}ObservationLocation"), where)
    for element in location.iter("{*}ISOTime", "{*}C1", "{*}C2", "{*}Error2Radius", "{*}AstroCoordSystem"):
        name = _local(element.tag)
        if name not in found:
            text = element.get("id") if name == "AstroCoordSystem" else element.text
            found[name] = (text or "").strip()
    return found


def _read_citations(citations: etree._Element | None) -> tuple[Citation, ...]:
    children: Iterable[etree._Element] = citations if citations is not None else ()
    return tuple(
        Citation(ivorn=child.text.strip(), cite=child.get("cite") or "")
        for child in children
        if _local(child.tag) == "EventIVORN" and child.text and child.text.strip()
    )
