"""Notebook client: events, light curves, triangulations, sky maps, limits and the stream of a Tocsin service.

Answers are astropy tables, quantities and times; with ``raw=True`` the plain JSON. It needs neither the service's
database nor its web framework, and imports of Tocsin only the domain, the triangulation and the search.
"""

from tocsin.client.stream import StreamedEvent
from tocsin.client.tocsin import Tocsin, Triangulation

__all__ = ["StreamedEvent", "Tocsin", "Triangulation"]
