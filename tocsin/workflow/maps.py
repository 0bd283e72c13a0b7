"""Maps at hand: sky maps that were read or made a moment ago and are asked for again within one reaction.

A map follows from its key alone (the digest of its bytes, the identifier of its product, the numbers of a disc), so one
that is kept is never out of date.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from tocsin.domain.products import Product
from triangulation.skymap import SkyMap

#: Cells of all maps kept together; a cell takes about 100 bytes, all that is derived from it included. Enough for the
#: maps of one reaction, and full within hours: a shelf that takes a day to fill looks like memory that grows.
MOST_CELLS = 150_000


class MapShelf:
    """Sky maps by key, those longest unused given up first.

    Parameters
    ----------
    most_cells
        Cells of all maps kept together.
    """

    def __init__(self, most_cells: int = MOST_CELLS) -> None:
        self._most_cells = most_cells
        self._lock = threading.Lock()
        self._maps: OrderedDict[Hashable, SkyMap] = OrderedDict()
        self._cells = 0

    def get(self, key: Hashable, make: Callable[[], SkyMap]) -> SkyMap:
        """Map of a key, made where it is not at hand."""
        with self._lock:
            found = self._maps.get(key)
            if found is not None:
                self._maps.move_to_end(key)
                return found
        made = make()
        self.put(key, made)
        return made

    def put(self, key: Hashable, skymap: SkyMap) -> None:
        """Keep a map; one larger than the shelf is not kept."""
        with self._lock:
            if key in self._maps or len(skymap) > self._most_cells:
                return
            self._maps[key] = skymap
            self._cells += len(skymap)
            while self._cells > self._most_cells:
                self._cells -= len(self._maps.popitem(last=False)[1])


SHELF = MapShelf()


def map_of(product: Product) -> SkyMap | None:
    """Sky map in a product's file; None where it has none."""
    blob = product.blob
    return None if not blob else SHELF.get(("product", product.id), lambda: SkyMap.from_bytes(blob))


def keep_map(product: Product, skymap: SkyMap) -> None:
    """Keep the map a product was just made from: it is soon asked for."""
    SHELF.put(("product", product.id), skymap)
