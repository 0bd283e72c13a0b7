"""Conditions on lists of values: a statement has few texts, however long its lists are."""

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.engine.interfaces import Dialect

from tocsin.store.tables import events
from tocsin.store.topic import one_of


@pytest.fixture
def engine() -> Engine:
    return create_engine("sqlite://")


def text_of(dialect: Dialect, number: int) -> str:
    statement = select(events.c.id).where(one_of(events.c.id, {f"e{n}" for n in range(number)}))
    return str(statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))


def test_lists_up_to_a_hundred_long_have_nine_texts(engine: Engine) -> None:
    assert len({text_of(engine.dialect, number) for number in range(101)}) == 9


@pytest.mark.parametrize("number", [0, 1, 3, 4, 5])
def test_all_values_and_no_others_are_found(engine: Engine, number: int) -> None:
    wanted = [f"e{n}" for n in range(number)]
    statement = one_of(events.c.id, wanted).compile(dialect=engine.dialect, compile_kwargs={"render_postcompile": True})
    assert sorted(set(statement.params.values())) == wanted
