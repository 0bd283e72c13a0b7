"""XPath filters of subscribers: which notices they want. A filter comes from outside, so it may not be costly."""

import re
from collections.abc import Sequence

from lxml import etree

from tocsin.domain.errors import NoticeError

#: Most filters of one subscriber, longest filter, and most steps in one that look at a whole document.
_MOST_FILTERS = 10
_LONGEST = 500
_MOST_SEARCHES = 2
#: A larger notice, or one of more tags, is sent unfiltered: what comes too much does less harm than what is missing.
_LARGEST_FILTERED_BYTES = 128 * 1024
_MOST_TAGS = 600
#: Steps that go up, sideways, deep, or begin at the root again: nested, each multiplies the work.
_SEARCH = re.compile(r"//|\.\.|\b(?:ancestor|descendant|following|parent|preceding)\b|(?:^|[\[(,|=<>+-])\s*/(?!/)")
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, collect_ids=False
)


class NoticeFilter:
    """What one subscriber wants: a notice for which any expression is true, or gives a node.

    Parameters
    ----------
    expressions
        XPath 1.0; none: everything is wanted.

    Raises
    ------
    NoticeError
        Too many or too long expressions, one that is no XPath, or one that would take too long.
    """

    def __init__(self, expressions: Sequence[str]) -> None:
        if len(expressions) > _MOST_FILTERS:
            raise NoticeError(f"{len(expressions)} filters: the limit is {_MOST_FILTERS}")
        self._expressions = [_compile(expression) for expression in expressions]

    def wants(self, payload: bytes) -> bool:
        """Whether a notice is wanted."""
        is_large = len(payload) > _LARGEST_FILTERED_BYTES or payload.count(b"<") > _MOST_TAGS
        if not self._expressions or is_large:
            return True
        try:
            document = etree.fromstring(payload, _PARSER)
            return any(bool(expression(document)) for expression in self._expressions)
        except (etree.LxmlError, ValueError, LookupError):
            return True


def _compile(expression: str) -> etree.XPath:
    if len(expression) > _LONGEST:
        raise NoticeError(f"a filter of {len(expression)} letters: the limit is {_LONGEST}")
    if len(_SEARCH.findall(expression)) > _MOST_SEARCHES:
        raise NoticeError(f"a filter that searches a notice more than {_MOST_SEARCHES} times: {expression[:60]}")
    try:
        return etree.XPath(expression, regexp=False)
    except (etree.XPathError, ValueError) as error:
        raise NoticeError(f"no XPath: {expression[:60]}: {error}") from error
