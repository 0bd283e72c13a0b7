"""Forgetting on both databases: what an event rests on is not to be found, whatever its age."""

from datetime import timedelta

from store_values import START

from tocsin.store import Store

LATER = START + timedelta(days=4000)


def test_of_an_event_nothing_can_be_forgotten(store: Store, an_event_with_everything: str) -> None:
    with store.begin() as work:
        before = [product.id for product in work.products(an_event_with_everything)]
        assert work.forgettable_notices(LATER, limit=100) == []
        assert work.forgettable_bytes(LATER) == (0, 0)
        assert work.forgettable_products(LATER, limit=100) == []
        assert work.forgettable_products_bytes(LATER) == (0, 0)
        assert work.forget_products(before, LATER) == 0
        assert work.forget_notices([1, 2, 3]) == 0
        assert [product.id for product in work.products(an_event_with_everything)] == before
