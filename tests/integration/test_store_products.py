"""Products: computed once, followed back to raw bytes, embargoed like what they stand on."""

import pytest
from sqlalchemy import func, select
from store_values import PUBLIC, SECRET, add_event, add_notice, product

from tocsin.domain.products import ProductKind
from tocsin.store import Store
from tocsin.store.tables import product_blobs


@pytest.fixture(autouse=True)
def _an_event(store: Store) -> None:
    with store.begin() as work:
        add_event(work)


def test_a_product_comes_back_as_it_was_and_is_kept_once(store: Store) -> None:
    made = product(input_ids=("b", "a", "notice:xyz"), blob=b"SIMPLE = T")
    with store.begin() as work:
        assert work.add_product(made)
        assert not work.add_product(made)
    with store.read() as work:
        assert work.product("p1") == made
        assert work.product("p2") is None
        assert work.product("p1", with_blob=False).blob is None


def test_the_same_file_is_kept_once_for_many_products(store: Store) -> None:
    with store.begin() as work:
        for n in range(3):
            work.add_product(product(f"p{n}", blob=b"the same map"))
        assert work._connection.execute(select(func.count()).select_from(product_blobs)).scalar_one() == 1


def test_products_are_listed_by_kind_current_ones_unless_asked_otherwise(store: Store) -> None:
    with store.begin() as work:
        add_event(work, "other")
        work.add_product(product("s1", blob=b"x"))
        work.add_product(product("s2"))
        work.add_product(product("m1", kind=ProductKind.SKYMAP))
        work.add_product(product("elsewhere", event_id="other"))
        assert work.supersede("s1", "s2")
        assert not work.supersede("nothing", "retracted")
        assert [one.id for one in work.products("grb-1")] == ["m1", "s2"]
        assert [one.id for one in work.products("grb-1", ProductKind.SEARCH)] == ["s2"]
        old = work.products("grb-1", ProductKind.SEARCH, current_only=False)
        assert [(one.id, one.superseded_by, one.blob) for one in old] == [("s1", "s2", None), ("s2", None, None)]
        (with_blob, _) = work.products("grb-1", ProductKind.SEARCH, current_only=False, with_blob=True)
        assert with_blob.blob == b"x"
        work.supersede("s1", None)
        assert [one.id for one in work.products("grb-1")] == ["m1", "s1", "s2"]


def test_a_number_can_be_followed_back_to_raw_bytes_and_forward_to_all_made_from_it(store: Store) -> None:
    with store.begin() as work:
        work.add_product(product("curve-a", input_ids=("notice:1",)))
        work.add_product(product("curve-b", input_ids=("notice:1", "config:instruments.toml")))
        work.add_product(product("delay", input_ids=("curve-a", "curve-b")))
        work.add_product(product("map", input_ids=("delay", "curve-a", "notice:2")))
    with store.read() as work:
        assert work.lineage("map") == ["delay", "curve-a", "curve-b"]
        assert work.lineage_roots("map") == ["notice:2", "notice:1", "config:instruments.toml"]
        assert work.lineage("curve-a") == []
        assert work.dependents("notice:1") == ["curve-a", "curve-b", "delay", "map"]
        assert work.dependents("delay") == ["map"]
        assert work.dependents("map") == []


def test_what_was_made_from_embargoed_input_is_embargoed_whatever_it_says(store: Store) -> None:
    with store.begin() as work:
        key = add_notice(work, "grb-1", b"secret", labels=SECRET)
        row = work.notice_row(key)
        assert row is not None
        work.add_product(product("from-notice", input_ids=(f"notice:{row.raw_sha256}",)))
        work.add_product(product("from-product", input_ids=("from-notice",), labels=frozenset({"internal"})))
        work.add_product(product("free"))
    with store.read() as work:
        assert [one.id for one in work.products("grb-1", clearance=PUBLIC)] == ["free"]
        assert [one.id for one in work.products("grb-1", clearance=SECRET)] == ["free", "from-notice"]
        assert work.product("from-product", clearance=SECRET) is None
        assert work.product("from-product", clearance=SECRET | {"internal"}).labels == SECRET | {"internal"}
        assert len(work.products("grb-1")) == 3


def test_a_file_of_many_megabytes_comes_back_whole(store: Store) -> None:
    blob = bytes(range(256)) * 32_768
    with store.begin() as work:
        work.add_product(product(blob=blob))
    with store.read() as work:
        assert work.product("p1").blob == blob
