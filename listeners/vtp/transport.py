"""Transport documents: what VTP's two ends tell each other; and what the root of any payload says.

Three namespaces are in use, so names are matched without one. No DOCTYPE, no entities, nothing fetched, and no
document of this kind is large.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lxml import etree

from tocsin.domain.errors import NoticeError

#: The namespace written where the other end has not shown one of those in use.
NAMESPACE = "http://telescope-networks.org/schema/Transport/v1.1"
_NAMESPACES = frozenset(
    {
        NAMESPACE,
        "http://telescope-networks.org/xml/Transport/v1.1",
        "http://www.telescope-networks.org/xml/Transport/v1.1",
    }
)
#: No Transport document is larger, bytes.
LARGEST_TRANSPORT_BYTES = 16 * 1024
#: Parameter of an ``authenticate`` that holds an XPath filter.
FILTER = "xpath-filter"

#: The root element must end within this, bytes.
_ROOT_BYTES = 64 * 1024
_PIECE_BYTES = 2048


class TransportRole(StrEnum):
    """What a Transport document is for."""

    IAMALIVE = "iamalive"
    AUTHENTICATE = "authenticate"
    ACK = "ack"
    NAK = "nak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """A Transport document.

    Parameters
    ----------
    role
        What it is for.
    origin
        Of whom or what it speaks: the broker's ivorn, or the ivorn of the VOEvent acknowledged.
    response
        Ivorn of the one who answers; empty in what is no answer.
    result
        Words, mostly the reason of a ``nak``.
    filters
        XPath expressions of an ``authenticate``; a notice is wanted that fits any of them.
    namespace
        As written at its root, where it is one of the three in use; else the first of them.
    """

    role: TransportRole
    origin: str
    response: str = ""
    result: str = ""
    filters: tuple[str, ...] = ()
    namespace: str = NAMESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Root element of a payload.

    Parameters
    ----------
    name
        Without namespace; empty where the payload is no XML, or has a DOCTYPE.
    ivorn
        Identifier of a VOEvent; empty where there is none.
    """

    name: str = ""
    ivorn: str = ""

    @property
    def is_transport(self) -> bool:
        """True for what the two ends tell each other."""
        return self.name == "Transport"

    @property
    def is_voevent(self) -> bool:
        """True for a VOEvent that can be acknowledged."""
        return self.name == "VOEvent" and bool(self.ivorn)


def read_root(payload: bytes) -> Root:
    """Root element of a payload; of a document that is broken further down too, since that is acknowledged as well."""
    parser = etree.XMLPullParser(events=("start",), **_hardened())
    try:
        for start in range(0, min(len(payload), _ROOT_BYTES), _PIECE_BYTES):
            parser.feed(payload[start : start + _PIECE_BYTES])
            for _, element in parser.read_events():
                return _root(element)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return next((_root(element) for _, element in _left(parser)), Root())
    return Root()


def read_transport(payload: bytes) -> Transport:
    """Transport document in the bytes.

    Raises
    ------
    NoticeError
        It is too large, no well-formed XML, has a DOCTYPE, is no Transport or of an unknown role.
    """
    if len(payload) > LARGEST_TRANSPORT_BYTES:
        raise NoticeError(f"a Transport document of {len(payload)} bytes: the limit is {LARGEST_TRANSPORT_BYTES}")
    try:
        root = etree.fromstring(payload, etree.XMLParser(**_hardened()))
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise NoticeError(f"no well-formed XML: {str(error)[:200]}") from error
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise NoticeError("a Transport document with a DOCTYPE, or without a root: refused")
    namespace, _, name = root.tag.removeprefix("{").rpartition("}")
    if name != "Transport":
        raise NoticeError(f"no Transport document: the root is <{name[:40]}>")
    role = (root.get("role") or "").strip()
    if role not in {known.value for known in TransportRole}:
        raise NoticeError(f"a Transport document of unknown role {role[:40]!r}")
    meta = root.find("{*}Meta")
    return Transport(
        role=TransportRole(role),
        origin=_text(root, "Origin"),
        response=_text(root, "Response"),
        result="" if meta is None else _text(meta, "Result"),
        filters=() if meta is None else tuple(_filters(meta)),
        namespace=namespace if namespace in _NAMESPACES else NAMESPACE,
    )


def write_transport(document: Transport, *, now: datetime) -> bytes:
    """Bytes of a Transport document, stamped with the time."""
    attributes = {"version": "1.0", "role": document.role.value}
    root = etree.Element(f"{{{document.namespace}}}Transport", attributes, nsmap={"trn": document.namespace})
    etree.SubElement(root, "Origin").text = document.origin
    if document.response:
        etree.SubElement(root, "Response").text = document.response
    etree.SubElement(root, "TimeStamp").text = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    if document.filters or document.result:
        meta = etree.SubElement(root, "Meta")
        for expression in document.filters:
            etree.SubElement(meta, "Param", {"name": FILTER, "value": expression})
        if document.result:
            etree.SubElement(meta, "Result").text = document.result
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _hardened() -> dict[str, bool]:
    return {
        "resolve_entities": False,
        "no_network": True,
        "load_dtd": False,
        "dtd_validation": False,
        "huge_tree": False,
        "remove_comments": True,
        "remove_pis": True,
        "collect_ids": False,
    }


def _left(parser: etree.XMLPullParser) -> Sequence[tuple[str, etree._Element]]:
    """Events read before the parser gave up."""
    found: list[tuple[str, etree._Element]] = []
    try:
        found.extend(parser.read_events())
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return found
    return found


def _root(element: etree._Element) -> Root:
    """Name and identifier of the first element; nothing of a document with a DOCTYPE."""
    if element.getroottree().docinfo.internalDTD is not None:
        return Root()
    name = element.tag.rpartition("}")[2]
    return Root(name=name, ivorn=(element.get("ivorn") or element.get("id") or "").strip())


def _text(parent: etree._Element, name: str) -> str:
    return (parent.findtext(f"{{*}}{name}") or "").strip()


def _filters(meta: etree._Element) -> Sequence[str]:
    """Filters in the present form and in the old one, ``<filter type="xpath">``."""
    found = [param.get("value") or "" for param in meta.iterfind("{*}Param") if param.get("name") == FILTER]
    found += [item.text or "" for item in meta.iterfind("{*}filter") if item.get("type") == "xpath"]
    return [text.strip() for text in found if text.strip()]
